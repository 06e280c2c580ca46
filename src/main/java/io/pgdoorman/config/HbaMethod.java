package io.pgdoorman.config;

/**
 * How a rule lets a client in. Threads: immutable.
 *
 * @see <a href="https://www.postgresql.org/docs/current/auth-pg-hba-conf.html">The pg_hba.conf
 *     File</a>
 */
public enum HbaMethod {
    TRUST("trust"),
    REJECT("reject"),
    /** The password in clear text. */
    PASSWORD("password"),
    /** MD5 for MD5 and plain secrets, SCRAM for SCRAM secrets, as PostgreSQL's md5. */
    MD5("md5"),
    /** SCRAM, which MD5 secrets cannot do. */
    SCRAM_SHA_256("scram-sha-256"),
    /** The client's certificate, and nothing else. */
    CERT("cert"),
    /** The password in clear text, which PAM checks. */
    PAM("pam"),
    /** The password in clear text, which a directory checks. */
    LDAP("ldap"),
    /** A signed token in place of a password. */
    JWT("jwt"),
    /**
     * Whatever the stored secret allows: SCRAM for SCRAM and plain secrets, MD5 for MD5 secrets. No
     * rule of a file says this; it is what holds without rules and with {@code general.hba}.
     */
    BY_SECRET("");

    private final String text;

    HbaMethod(String text) {
        this.text = text;
    }

    /** As in a file; empty for {@link #BY_SECRET}. */
    public String text() {
        return text;
    }
}
