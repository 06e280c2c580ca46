package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.unboundid.ldap.sdk.SearchScope;

import io.pgdoorman.config.LdapOptions.Encryption;
import io.pgdoorman.config.LdapOptions.Mode;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

class LdapOptionsTest {
    @Test
    void aPrefixAndASuffixBind() {
        LdapOptions options =
                read("ldapserver=ldap.example.net ldapprefix=\"cn=\" ldapsuffix=\", dc=example\"");

        assertThat(options.mode()).isEqualTo(new Mode.Bind("cn=", ", dc=example", true));
        assertThat(options.servers()).hasToString("[ldap.example.net:389]");
        assertThat(options.encryption()).isEqualTo(Encryption.NONE);
        assertThat(options.authorities()).isEmpty();
    }

    @Test
    void aNameOfActiveDirectoryIsNoDistinguishedName() {
        assertThat(read("ldapserver=a ldapprefix=\"\" ldapsuffix=@example.net").mode())
                .isEqualTo(new Mode.Bind("", "@example.net", false));
        assertThat(read("ldapprefix=EXAMPLE\\ ldapserver=a").mode())
                .isEqualTo(new Mode.Bind("EXAMPLE\\", "", false));
    }

    @Test
    void aBaseIsSearched() {
        LdapOptions options =
                read(
                        "ldapserver=\"a ::1 [::2] 10.0.0.1\" ldapscheme=ldaps ldapbasedn=\"dc=a,dc=b\""
                                + " ldapbinddn=cn=x ldapbindpasswd=y ldapcacert=/etc/ca.crt");

        assertThat(options.mode())
                .isEqualTo(
                        new Mode.Search(
                                "cn=x",
                                Secret.of("y"),
                                "dc=a,dc=b",
                                SearchScope.SUB,
                                "(uid=$username)"));
        assertThat(options.servers()).hasToString("[a:636, [::1]:636, [::2]:636, 10.0.0.1:636]");
        assertThat(options.encryption()).isEqualTo(Encryption.LDAPS);
        assertThat(options.authorities()).isEqualTo(Optional.of(Path.of("/etc/ca.crt")));
    }

    @Test
    void anUrlSaysItAll() {
        LdapOptions options = read("ldapurl=\"ldap://[::1]:3389/dc=a,dc=b?mail?sub\" ldaptls=1");

        assertThat(options.mode())
                .isEqualTo(
                        new Mode.Search(
                                "",
                                Secret.of(""),
                                "dc=a,dc=b",
                                SearchScope.SUB,
                                "(mail=$username)"));
        assertThat(options.servers()).hasToString("[[::1]:3389]");
        assertThat(options.encryption()).isEqualTo(Encryption.START_TLS);
    }

    @Test
    void anUrlMayHaveAFilter() {
        LdapOptions options = read("ldapurl=\"ldaps://a/dc=a??one?(%26(x=1)(cn=$username))\"");

        assertThat(options.mode())
                .isEqualTo(
                        new Mode.Search(
                                "",
                                Secret.of(""),
                                "dc=a",
                                SearchScope.ONE,
                                "(&(x=1)(cn=$username))"));
        assertThat(options.servers()).hasToString("[a:636]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ldapbasedn=dc=a | method ldap needs the option ldapserver or ldapurl",
                "ldapserver=a | method ldap needs the option ldapbasedn, ldapprefix or ldapsuffix",
                "ldapserver=a ldapprefix=x ldapbasedn=dc=a | option ldapbasedn is for search and bind",
                "ldapserver=a ldapsuffix=x ldapbinddn=dc=a | option ldapbinddn is for search and bind",
                "ldapserver=a ldapsuffix=x ldapsearchattribute=uid | option ldapsearchattribute is for",
                "ldapserver=a ldapsuffix=x ldapsearchfilter=(uid=$username) | option ldapsearchfilter is",
                "ldapurl=ldap://a/dc=a ldapsuffix=x | option ldapurl says what to search for",
                "ldapserver=a ldapbasedn=dc=a ldapsearchattribute=x ldapsearchfilter=(uid=$username) | cannot be set both",
                "ldapurl=ldap://a/dc=a?uid?sub?(uid=$username) | cannot be set both",
                "ldapserver=a ldapbasedn=dc=a ldapbinddn=cn=x | option ldapbinddn needs ldapbindpasswd",
                "ldapserver=a ldapbasedn=dc=a ldapbindpasswd=secret | option ldapbindpasswd needs ldapbinddn",
                "ldapserver=a ldapbasedn=nothing | option ldapbasedn is no distinguished name: nothing",
                "ldapserver=a ldapbasedn=dc=a ldapsearchfilter=(uid=x) | say where the user's name goes",
                "ldapserver=a ldapbasedn=dc=a ldapsearchfilter=((uid=$username) | ldapsearchfilter is no filter",
                "ldapserver=a ldapbasedn=dc=a ldapsearchattribute=a=b | ldapsearchattribute is no name of",
                "ldapserver=a ldapbasedn=dc=a ldapport=0 | option ldapport must be a port number, is 0",
                "ldapserver=a ldapbasedn=dc=a ldapport=x | option ldapport must be a port number, is x",
                "ldapserver=a:636 ldapbasedn=dc=a | option ldapserver: a:636 is no host name",
                "ldapserver=ldap://a ldapbasedn=dc=a | option ldapserver: ldap://a is no host name",
                "ldapserver=a ldapbasedn=dc=a ldapscheme=http | option ldapscheme must be ldap or ldaps",
                "ldapserver=a ldapbasedn=dc=a ldaptls=yes | option ldaptls must be 1 or 0, is yes",
                "ldapserver=a ldapbasedn=dc=a ldapscheme=ldaps ldaptls=1 | which ldaps does not take",
                "ldapserver=a ldapbasedn=dc=a ldapcacert=x | option ldapcacert needs ldaptls=1 or ldaps",
                "ldapurl=http://a/dc=a | option ldapurl",
                "ldapurl=ldapi:///dc=a | option ldapurl must begin with ldap:// or ldaps://",
                "ldapurl=ldap:///dc=a | option ldapurl names no server",
                "ldapurl=ldap://a/dc=a ldapserver=b | option ldapserver cannot stand beside ldapurl",
                "ldapurl=ldap://a/dc=a ldapbasedn=dc=b | option ldapbasedn cannot stand beside ldapurl",
                "ldapserver=a ldapbasedn= | option ldapbasedn has no value"
            })
    void optionsThatDoNotFitAreAnError(String options, String expected) {
        var problems = new ArrayList<Problem>();

        HbaRules rules = parse(options, problems);

        assertThat(problems)
                .first()
                .asString()
                .startsWith("ERROR rules:1: ")
                .contains(expected)
                .doesNotContain("secret");
        assertThat(rules.rules()).isEmpty();
    }

    @Test
    void viewsOfTheRulesHideThePassword() {
        Config config =
                Configs.toml(
                        Configs.withGeneral(
                                """
                                pg_hba = '''
                                host all all all ldap ldapserver=a ldapbasedn=o=b ldapbinddn=o=c \
                                  "ldapbindpasswd=a secret" ldapport=1
                                host all all all ldap ldapserver=a ldapbasedn=o=b ldapbinddn=o=c ldapbindpasswd=\
                                a"secret, too"
                                local all all trust
                                '''
                                """));

        String shown =
                config.settings().stream()
                        .filter(setting -> setting.name().equals("general.pg_hba"))
                        .findFirst()
                        .orElseThrow()
                        .value();
        assertThat(shown)
                .contains("ldapbindpasswd=***", "local all all trust")
                .doesNotContain("secret");
        assertThat(config.general().hba().toString()).doesNotContain("secret");
    }

    @Test
    void pamHasTwoOptions() {
        var problems = new ArrayList<Problem>();

        HbaRules.parse(
                "host all all all pam pamservice=x pam_use_hostname=1\n"
                        + "host all all all pam pam_use_hostname=yes",
                "rules",
                Path.of(""),
                problems::add);

        assertThat(problems)
                .singleElement()
                .hasToString("ERROR rules:2: option pam_use_hostname must be 1 or 0, is yes");
    }

    private static LdapOptions read(String options) {
        var problems = new ArrayList<Problem>();
        HbaRules rules = parse(options, problems);
        assertThat(problems).isEmpty();
        return LdapOptions.of(rules.rules().getFirst().options().others());
    }

    private static HbaRules parse(String options, List<Problem> problems) {
        return HbaRules.parse(
                "host all all all ldap " + options, "rules", Path.of(""), problems::add);
    }
}
