/**
 * TLS on connections that can go on in another process. BoringSSL does the handshake; from the
 * first record after it on, records are protected here, so that a connection's state is a handful
 * of bytes: suite, secrets, sequence numbers.
 *
 * <pre>
 *   handshake:  channel ─ Handshake (BoringSSL) ─ …
 *   then:       channel ─ TlsRecords ─ …
 *   moved:      TlsRecords ─ freeze ─► FrozenTls ─► TlsRecords
 * </pre>
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8446">RFC 8446 (TLS 1.3)</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5246">RFC 5246 (TLS 1.2)</a>
 */
@NullMarked
package io.pgdoorman.tls;

import org.jspecify.annotations.NullMarked;
