/**
 * Who a client is by a signed token (JWT): keys of issuers, read from files, and what a token has
 * to be to count. Signatures and their formats are jose4j's, which no other package sees for
 * clients.
 *
 * <p>Rank 4: imports {@code wire}, {@code config} and {@code auth}.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7519">RFC 7519</a>
 */
@NullMarked
package io.pgdoorman.authority;

import org.jspecify.annotations.NullMarked;
