"""A built version in a Milvus cluster: filled there, and searched as `index.stores.local_store` is on one machine."""
