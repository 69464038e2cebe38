"""The results as JUnit XML, the form every CI shows: one testcase a question, one failure a miss."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from eval.markdown import expected, found
from eval.score import Result

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(name: str, results: Sequence[Result]) -> bytes:
    """One suite called `name`; classes by language; questions nobody can score are skipped, times are seconds."""
    suite = ElementTree.Element(
        "testsuite",
        name=_text(name),
        tests=str(len(results)),
        failures=str(sum(bool(result.miss) for result in results)),
        errors="0",
        skipped=str(sum(_unscored(result) for result in results)),
        time=_seconds(sum(result.latency_ms for result in results)),
    )
    for result in results:
        suite.append(_case(name, result))
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return bytes(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(name: str, result: Result) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        classname=_text(f"{name}.{result.case.lang}"),
        name=_text(f"{result.case.id}: {result.case.question}"),
        time=_seconds(result.latency_ms),
    )
    if result.miss:
        failure = ElementTree.SubElement(case, "failure", type=result.miss, message=_text(found(result)))
        failure.text = _text(f"expected: {expected(result)}\nfound: {found(result)}")
    elif _unscored(result):
        ElementTree.SubElement(case, "skipped", message="answered, but no acceptable answer is given")
    return case


def _unscored(result: Result) -> bool:
    return result.right is None and not result.miss


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"


def _text(text: str) -> str:
    """Without the characters that XML cannot hold, escaped or not."""
    return _NOT_XML.sub("\ufffd", text)
