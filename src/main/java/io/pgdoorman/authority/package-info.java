/**
 * Others who know who a client is by what it sends in place of a password: directories (LDAP), PAM,
 * and the issuers of signed tokens (JWT), whose keys are read from files.
 *
 * <p>LDAP is UnboundID's, signatures and their formats are jose4j's; no other package sees them for
 * clients. Rank: above {@code auth}, beside {@code backend}.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7519">RFC 7519</a>
 */
@NullMarked
package io.pgdoorman.authority;

import org.jspecify.annotations.NullMarked;
