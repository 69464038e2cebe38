<?php
/**
 * Plugin Name:       Ask the Bulletin
 * Description:       Visitors ask the bulletin a question and read the answer in its own words, each with its article. Place [ask_bulletin] in a page, or show it on every page.
 * Version:           1.0.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * Text Domain:       ask-bulletin
 *
 * Puts the widget of an Ask-the-Bulletin server into the site: `SERVER/widget.js`, and what the editors chose for it as
 * attributes. Answers come from that server; nothing is asked or stored here but the settings.
 */

namespace AskBulletin;

defined( 'ABSPATH' ) || exit;

const OPTION    = 'ask_bulletin';
const PAGE      = 'ask-bulletin';
const HANDLE    = 'ask-bulletin';
const LANGS     = array( 'fr', 'en', 'de' );
const POSITIONS = array( 'right', 'left' );
const DEFAULTS  = array(
	'server'     => '',
	'lang'       => 'auto',
	'position'   => 'right',
	'colour'     => '',
	'greeting'   => '',
	'everywhere' => '',
);

const GREETING_LENGTH = 200;
// The panel's place in the text until the script is there, so that what stands below does not jump.
const RESERVED = 'display:block;height:576px';
// No user, query or fragment: the widget's own paths are put behind it.
const ADDRESS = '~^(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?(/[a-z0-9._\~/-]*)?$~iD';

// What is set.

/** A setting's value as it may be used; null when it is not what is expected there. */
function clean( string $name, $value ): ?string {
	if ( ! is_scalar( $value ) ) {
		return null;
	}
	$value = trim( (string) $value );
	switch ( $name ) {
		case 'server':
			return clean_address( $value );
		case 'lang':
			return in_array( $value, array( 'auto', ...LANGS ), true ) ? $value : null;
		case 'position':
			return in_array( $value, POSITIONS, true ) ? $value : null;
		case 'colour':
			return '' === $value ? '' : sanitize_hex_color( $value );
		case 'greeting':
			return clean_line( $value );
		case 'everywhere':
			return '1' === $value ? '1' : '';
	}
	return null;
}

/** An address that a visitor's browser may be sent to, without a last slash: https, or http where nobody listens in. */
function clean_address( string $address ): ?string {
	if ( '' === $address ) {
		return '';
	}
	if ( ! preg_match( ADDRESS, $address, $parts ) ) {
		return null;
	}
	$here = in_array( strtolower( $parts[2] ), array( 'localhost', '127.0.0.1', '[::1]' ), true );
	if ( 'https' !== strtolower( $parts[1] ) && ! $here && 'local' !== wp_get_environment_type() ) {
		return null;
	}
	return untrailingslashit( $address );
}

/** One line of plain text. It is kept as typed, "<" too: every place that shows it escapes it. */
function clean_line( string $text ): string {
	$text = preg_replace( '/[\s\p{Cc}]+/u', ' ', wp_check_invalid_utf8( $text ) );
	return mb_substr( trim( $text ), 0, GREETING_LENGTH );
}

/** `$otherwise`, with every value of `$given` that is what is expected there. */
function merged( array $given, array $otherwise ): array {
	foreach ( $otherwise as $name => $value ) {
		$otherwise[ $name ] = clean( $name, $given[ $name ] ?? null ) ?? $value;
	}
	return $otherwise;
}

/** Looked at anew on each reading, as other code may have written the option. */
function settings(): array {
	return merged( (array) get_option( OPTION ), DEFAULTS );
}

// What visitors get.

/** What the widget is told; what is empty, it decides itself. */
function attributes( array $settings ): array {
	$lang = 'auto' === $settings['lang'] ? substr( get_locale(), 0, 2 ) : $settings['lang'];
	$all  = array(
		'lang'     => in_array( $lang, LANGS, true ) ? $lang : '',
		'position' => $settings['position'],
		'colour'   => $settings['colour'],
		'greeting' => $settings['greeting'],
	);
	return array_filter( $all, 'strlen' );
}

function html( array $attributes, string $prefix = '' ): string {
	$html = '';
	foreach ( $attributes as $name => $value ) {
		$html .= sprintf( ' %s%s="%s"', $prefix, $name, esc_attr( $value ) );
	}
	return $html;
}

/** Puts the widget's script into this page, once; what was asked for last holds. */
function load( array $settings ): void {
	// WordPress before 6.3 takes the last argument for "in the footer".
	$how = array(
		'strategy'  => 'defer',
		'in_footer' => true,
	);
	wp_enqueue_script( HANDLE, $settings['server'] . '/widget.js', array(), null, $how );
	wp_script_add_data( HANDLE, OPTION, attributes( $settings ) );
}

function load_everywhere(): void {
	$settings = settings();
	// A theme made of blocks draws its content before this: what a shortcode said there stands.
	if ( $settings['everywhere'] && $settings['server'] && ! wp_script_is( HANDLE ) ) {
		load( $settings );
	}
}
add_action( 'wp_enqueue_scripts', __NAMESPACE__ . '\load_everywhere' );

function script_tag( string $tag, string $handle ): string {
	if ( HANDLE !== $handle ) {
		return $tag;
	}
	$attributes = html( (array) wp_scripts()->get_data( HANDLE, OPTION ), 'data-' );
	if ( false === strpos( $tag, ' defer' ) ) { // WordPress before 6.3
		$attributes .= ' defer';
	}
	return substr_replace( $tag, $attributes, strpos( $tag, '<script' ) + strlen( '<script' ), 0 );
}
add_filter( 'script_loader_tag', __NAMESPACE__ . '\script_tag', 10, 2 );

/** `[ask_bulletin lang="fr" position="left" colour="#003189" greeting="…"]`, `[ask_bulletin inline]`. */
function shortcode( $given ): string {
	$given    = (array) $given;
	$settings = merged( array_diff_key( $given, array( 'server' => '' ) ), settings() );
	if ( is_feed() ) { // no scripts there
		return '';
	}
	if ( '' === $settings['server'] ) {
		return no_server();
	}
	$inline = in_array( 'inline', array_filter( $given, 'is_int', ARRAY_FILTER_USE_KEY ), true );
	if ( ! $inline && ! filter_var( $given['inline'] ?? '', FILTER_VALIDATE_BOOLEAN ) ) {
		load( $settings );
		return '';
	}
	if ( ! wp_script_is( HANDLE ) ) {
		load( settings() );
	}
	$attributes = array_diff_key( attributes( $settings ), array( 'position' => '' ) ); // the button's
	return '<ask-bulletin inline' . html( $attributes ) . ' style="' . RESERVED . '"></ask-bulletin>';
}
add_shortcode( 'ask_bulletin', __NAMESPACE__ . '\shortcode' );

/** Visitors see nothing; who can mend it is told how. */
function no_server(): string {
	if ( ! current_user_can( 'manage_options' ) ) {
		return '';
	}
	$link = '<a href="' . esc_url( settings_address() ) . '">' . esc_html__( 'Settings', 'ask-bulletin' ) . '</a>';
	return '<p>' . esc_html__( 'Ask the Bulletin is not shown: its server has no address yet.', 'ask-bulletin' ) . ' ' . $link . '</p>';
}

// What editors set.

function settings_address(): string {
	return admin_url( 'options-general.php?page=' . PAGE );
}

function action_links( array $links ): array {
	$link = '<a href="' . esc_url( settings_address() ) . '">' . esc_html__( 'Settings', 'ask-bulletin' ) . '</a>';
	return array_merge( array( 'settings' => $link ), $links );
}
add_filter( 'plugin_action_links_' . plugin_basename( __FILE__ ), __NAMESPACE__ . '\action_links' );

function menu(): void {
	$title = __( 'Ask the Bulletin', 'ask-bulletin' );
	add_options_page( $title, $title, 'manage_options', PAGE, __NAMESPACE__ . '\page' );
}
add_action( 'admin_menu', __NAMESPACE__ . '\menu' );

function fields(): void {
	register_setting( PAGE, OPTION, array( 'sanitize_callback' => __NAMESPACE__ . '\checked_settings' ) );
	add_settings_section( 'widget', '', '__return_false', PAGE );
	$origin = preg_replace( '~^(https?://[^/]+).*$~', '$1', home_url() );
	$langs  = array(
		'auto' => __( 'As the site', 'ask-bulletin' ),
		'fr'   => 'Français',
		'en'   => 'English',
		'de'   => 'Deutsch',
	);
	$sides  = array(
		'right' => __( 'Right', 'ask-bulletin' ),
		'left'  => __( 'Left', 'ask-bulletin' ),
	);
	/* translators: %s: the origin of this site, as in https://example.org */
	$help = sprintf( __( 'As in https://ask.example.org. Its setting BULLETIN_ORIGINS has to name this site: %s', 'ask-bulletin' ), $origin );
	field( 'server', __( 'Server', 'ask-bulletin' ), 'text_field', $help );
	field( 'lang', __( 'Language', 'ask-bulletin' ), 'choice_field', $langs );
	field( 'position', __( 'Side of the button', 'ask-bulletin' ), 'choice_field', $sides );
	field( 'colour', __( 'Colour', 'ask-bulletin' ), 'text_field', __( 'As in #003189; empty: the widget’s own.', 'ask-bulletin' ) );
	field( 'greeting', __( 'Greeting', 'ask-bulletin' ), 'text_field', __( 'Empty: the widget’s own.', 'ask-bulletin' ) );
	field( 'everywhere', __( 'Show on every page', 'ask-bulletin' ), 'box_field', __( 'Else where the shortcode [ask_bulletin] stands.', 'ask-bulletin' ) );
}
add_action( 'admin_init', __NAMESPACE__ . '\fields' );

/** @param string|array $about Help for the editor, or the choices there are. */
function field( string $name, string $title, string $draw, $about ): void {
	$args = array(
		'label_for' => 'ask-bulletin-' . $name,
		'name'      => $name,
		'about'     => $about,
	);
	add_settings_field( $name, $title, __NAMESPACE__ . '\\' . $draw, PAGE, 'widget', $args );
}

function text_field( array $args ): void {
	printf(
		'<input type="text" class="regular-text" id="%1$s" name="%2$s[%3$s]" value="%4$s" aria-describedby="%1$s-help"><p class="description" id="%1$s-help">%5$s</p>',
		esc_attr( $args['label_for'] ),
		esc_attr( OPTION ),
		esc_attr( $args['name'] ),
		esc_attr( settings()[ $args['name'] ] ),
		esc_html( $args['about'] )
	);
}

function choice_field( array $args ): void {
	printf( '<select id="%s" name="%s[%s]">', esc_attr( $args['label_for'] ), esc_attr( OPTION ), esc_attr( $args['name'] ) );
	foreach ( $args['about'] as $value => $label ) {
		printf( '<option value="%s"%s>%s</option>', esc_attr( $value ), selected( settings()[ $args['name'] ], $value, false ), esc_html( $label ) );
	}
	echo '</select>';
}

function box_field( array $args ): void {
	// The hidden one is sent when the box is not ticked.
	printf(
		'<input type="hidden" name="%2$s[%3$s]" value=""><input type="checkbox" id="%1$s" name="%2$s[%3$s]" value="1"%4$s aria-describedby="%1$s-help"> <span id="%1$s-help">%5$s</span>',
		esc_attr( $args['label_for'] ),
		esc_attr( OPTION ),
		esc_attr( $args['name'] ),
		checked( settings()[ $args['name'] ], '1', false ),
		esc_html( $args['about'] )
	);
}

/** What is saved: each value that is as expected; for the others the old one stays, and the editor is told. */
function checked_settings( $posted ): array {
	$posted   = (array) $posted;
	$expected = array(
		'server'   => __( 'an address that begins with https:// (http:// only on this machine or on a local site) and holds no user, ? or #', 'ask-bulletin' ),
		'lang'     => implode( ', ', array( 'auto', ...LANGS ) ),
		'position' => implode( ', ', POSITIONS ),
		'colour'   => __( '# and three or six digits 0–9, a–f', 'ask-bulletin' ),
	);
	foreach ( $expected as $name => $what ) {
		if ( isset( $posted[ $name ] ) && null === clean( $name, $posted[ $name ] ) ) {
			$found = is_scalar( $posted[ $name ] ) ? $posted[ $name ] : gettype( $posted[ $name ] );
			/* translators: 1: the setting, 2: what was typed, 3: what is expected there */
			$told = sprintf( __( 'Not saved: %1$s is “%2$s”; expected %3$s.', 'ask-bulletin' ), $name, $found, $what );
			add_settings_error( OPTION, $name, esc_html( $told ) ); // WordPress prints it as it is
		}
	}
	return merged( $posted, settings() );
}

function page(): void {
	echo '<div class="wrap"><h1>' . esc_html( get_admin_page_title() ) . '</h1><form action="options.php" method="post">';
	settings_fields( PAGE );
	do_settings_sections( PAGE );
	submit_button();
	echo '</form></div>';
}

// Coming and going.

function uninstall(): void {
	delete_option( OPTION );
}

register_activation_hook(
	__FILE__,
	function (): void {
		register_uninstall_hook( __FILE__, __NAMESPACE__ . '\uninstall' );
	}
);
