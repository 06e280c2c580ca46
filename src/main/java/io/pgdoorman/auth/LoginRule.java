package io.pgdoorman.auth;

import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.config.HbaOptions;
import io.pgdoorman.config.HbaOptions.ClientCertificate;

import org.jspecify.annotations.Nullable;

import java.util.function.Predicate;

/**
 * How a client has to prove who it is. Threads: immutable.
 *
 * @param method of the HBA rule that decides; {@link HbaMethod#REJECT} if none matches
 * @param authority whom the methods pam, ldap and jwt ask; null for others
 * @param mayBe whether somebody whom a certificate or an authority knows by a name may log in as
 *     the user
 * @param namesRole the authority says which role the client is, whatever user it named: a
 *     certificate has to be that role's
 */
public record LoginRule(
        HbaMethod method,
        ClientCertificate certificate,
        boolean wholeName,
        @Nullable Authority authority,
        Predicate<String> mayBe,
        boolean namesRole) {

    /** Of a user whom the startup packet names. */
    public LoginRule(
            HbaMethod method,
            ClientCertificate certificate,
            boolean wholeName,
            @Nullable Authority authority,
            Predicate<String> mayBe) {
        this(method, certificate, wholeName, authority, mayBe, false);
    }

    /** Of a line without options. */
    public static LoginRule of(HbaMethod method) {
        return new LoginRule(method, ClientCertificate.NOT_ASKED, false, null, _ -> false);
    }

    /** Of a line with these options. */
    public static LoginRule of(
            HbaMethod method,
            HbaOptions options,
            @Nullable Authority authority,
            Predicate<String> mayBe) {
        return new LoginRule(method, options.certificate(), options.wholeName(), authority, mayBe);
    }
}
