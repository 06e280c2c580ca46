package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

class HbaRulesTest {
    private static final Path HERE = Path.of("");

    private static final OwnNetworks OWN =
            new OwnNetworks(
                    List.of(Addresses.network("192.168.5.7/32").orElseThrow()),
                    List.of(Addresses.network("192.168.5.7/24").orElseThrow()));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // rule | database | user | peer | tls | matches
                "local all all trust | d | u | local | false | true",
                "local all all trust | d | u | 10.0.0.1 | false | false",
                "host all all all trust | d | u | 10.0.0.1 | false | true",
                "host all all all trust | d | u | ::1 | true | true",
                "host all all all trust | d | u | local | false | false",
                "HOST all all all TRUST | d | u | 10.0.0.1 | false | true",
                "hostssl all all all trust | d | u | 10.0.0.1 | true | true",
                "hostssl all all all trust | d | u | 10.0.0.1 | false | false",
                "hostnossl all all all trust | d | u | 10.0.0.1 | false | true",
                "hostnossl all all all trust | d | u | 10.0.0.1 | true | false",
                "hostnogssenc all all all trust | d | u | 10.0.0.1 | true | true",
                "hostgssenc all all all trust | d | u | 10.0.0.1 | true | false",
                "host d all all trust | d | u | 10.0.0.1 | false | true",
                "host d all all trust | D | u | 10.0.0.1 | false | false",
                "host a,d all all trust | d | u | 10.0.0.1 | false | true",
                "host a, d all all trust | d | u | 10.0.0.1 | false | true",
                "host a,b all all trust | d | u | 10.0.0.1 | false | false",
                "host \"d\" all all trust | d | u | 10.0.0.1 | false | true",
                "host \"all\" all all trust | d | u | 10.0.0.1 | false | false",
                "host \"all\" all all trust | all | u | 10.0.0.1 | false | true",
                "host \"a b\" all all trust | a b | u | 10.0.0.1 | false | true",
                "host \"a,b\" all all trust | a,b | u | 10.0.0.1 | false | true",
                "host \"a#b\" all all trust | a#b | u | 10.0.0.1 | false | true",
                "host \"a\"\"b\" all all trust | a\"b | u | 10.0.0.1 | false | true",
                "host ALL all all trust | d | u | 10.0.0.1 | false | false",
                "host sameuser all all trust | u | u | 10.0.0.1 | false | true",
                "host sameuser all all trust | d | u | 10.0.0.1 | false | false",
                "host \"sameuser\" all all trust | sameuser | u | 10.0.0.1 | false | true",
                "host replication all all trust | replication | u | 10.0.0.1 | false | false",
                "host \"replication\" all all trust | replication | u | 10.0.0.1 | false | true",
                "host all u all trust | d | u | 10.0.0.1 | false | true",
                "host all x,u,y all trust | d | u | 10.0.0.1 | false | true",
                "host all x all trust | d | u | 10.0.0.1 | false | false",
                "host all sameuser all trust | d | sameuser | 10.0.0.1 | false | true",
                "host all all 10.0.0.0/8 trust | d | u | 10.255.0.1 | false | true",
                "host all all 10.0.0.0/8 trust | d | u | 11.0.0.1 | false | false",
                "host all all 10.1.2.3/8 trust | d | u | 10.255.0.1 | false | true",
                "host all all 10.0.0.0/9 trust | d | u | 10.128.0.1 | false | false",
                "host all all 0.0.0.0/0 trust | d | u | 1.2.3.4 | false | true",
                "host all all 0.0.0.0/0 trust | d | u | ::1 | false | false",
                "host all all ::/0 trust | d | u | ::1 | false | true",
                "host all all ::/0 trust | d | u | 1.2.3.4 | false | false",
                "host all all fd00::/8 trust | d | u | fd12::1 | false | true",
                "host all all fd00::/8 trust | d | u | fe12::1 | false | false",
                "host all all 10.0.0.5 trust | d | u | 10.0.0.5 | false | true",
                "host all all 10.0.0.5 trust | d | u | 10.0.0.6 | false | false",
                "host all all ::1 trust | d | u | ::1 | false | true",
                "host all all ::1 trust | d | u | ::2 | false | false",
                "host all all 10.0.0.0 255.255.254.0 trust | d | u | 10.0.1.1 | false | true",
                "host all all 10.0.0.0 255.255.254.0 trust | d | u | 10.0.2.1 | false | false",
                "host all all fd00:: ff00:: trust | d | u | fd99::1 | false | true",
                "host all all ::ffff:10.0.0.0/104 trust | d | u | 10.9.9.9 | false | true",
                "host all all samehost trust | d | u | 192.168.5.7 | false | true",
                "host all all samehost trust | d | u | 192.168.5.8 | false | false",
                "host all all samenet trust | d | u | 192.168.5.8 | false | true",
                "host all all samenet trust | d | u | 192.168.6.8 | false | false",
                "host all all all trust # reject | d | u | 10.0.0.1 | false | true",
                "host @ all all trust | @ | u | 10.0.0.1 | false | true",
                "host \"@d\" all all trust | @d | u | 10.0.0.1 | false | true",
                "host \"+d\" all all trust | +d | u | 10.0.0.1 | false | true",
                "host all \"+u\" all trust | d | +u | 10.0.0.1 | false | true",
                "host +d all all trust | +d | u | 10.0.0.1 | false | true",
                "host all a, b,u all trust | d | u | 10.0.0.1 | false | true",
                "host /^app[0-9]+$ all all trust | app12 | u | 10.0.0.1 | false | true",
                "host /^app[0-9]+$ all all trust | app | u | 10.0.0.1 | false | false",
                "host /^app[0-9]+$ all all trust | xapp1 | u | 10.0.0.1 | false | false",
                "host /pp all all trust | app | u | 10.0.0.1 | false | true",
                "host / all all trust | app | u | 10.0.0.1 | false | true",
                "host all \"/^[ab],c$\" all trust | d | b,c | 10.0.0.1 | false | true",
                "host all /^[[:alpha:]_]+\\d{2}$ all trust | d | a_b42 | 10.0.0.1 | false | true",
                "host all /^[[:alpha:]_]+\\d{2}$ all trust | d | a_b4 | 10.0.0.1 | false | false",
                "host all x,/^U$,u all trust | d | U | 10.0.0.1 | false | true",
                "host sameuser,e all all trust | e | u | 10.0.0.1 | false | true"
            })
    void matches(
            String rule, String database, String user, String peer, boolean tls, boolean matches) {
        HbaRules rules = rules(rule);

        assertThat(rules.firstMatch(request(peer, tls, database, user), "").isPresent())
                .isEqualTo(matches);
    }

    @Test
    void foldsPeersThatMapIpv4() throws Exception {
        var bytes = new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 0, 0, 1};
        InetAddress mapped = Inet6Address.getByAddress(null, bytes, -1);

        assertThat(mapped).isInstanceOf(Inet6Address.class);
        assertThat(
                        rules("host all all 10.0.0.0/8 trust")
                                .firstMatch(new HbaRequest(false, false, "d", "u", mapped), ""))
                .isPresent();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // the examples of PostgreSQL's manual, in other words
                "app | app | local | SCRAM_SHA_256",
                "postgres | root | local | TRUST",
                "app | app | 127.0.0.1 | TRUST",
                "app | app | ::1 | TRUST",
                "app | app | 192.168.93.5 | SCRAM_SHA_256",
                "postgres | app | 192.168.93.5 | PASSWORD",
                "app | mike | 203.0.113.9 | MD5",
                "app | anna | 203.0.113.9 | SCRAM_SHA_256",
                "app | app | 192.168.54.1 | REJECT",
                "app | app | 192.168.12.10 | MD5",
                "app | app | 172.16.0.1 | "
            })
    void theFirstMatchingLineDecides(String database, String user, String peer, HbaMethod method) {
        HbaRules rules =
                rules(
                        """
                        # TYPE  DATABASE        USER            ADDRESS                 METHOD
                        local   postgres        all                                     trust
                        local   all             all                                     scram-sha-256
                        host    all             all             127.0.0.1/32            trust
                        host    all             all             ::1/128                 trust
                        host    postgres        all             192.168.93.0/24         password
                        host    all             all             192.168.93.0  255.255.255.0  scram-sha-256
                        host    all             mike            all                     md5
                        host    all             all             203.0.113.0/24          scram-sha-256
                        host    all             all             192.168.54.1/32         reject
                        host    all             all             192.168.0.0/16          md5
                        """);

        assertThat(rules.firstMatch(request(peer, false, database, user), "").map(HbaRule::method))
                .isEqualTo(java.util.Optional.ofNullable(method));
    }

    @Test
    void aRuleKnowsItsLineAndText() {
        HbaRules rules = rules("# comment\n\nhost  \"a b\", c\tall 10.0.0.1   md5 # why\n");

        assertThat(rules.rules())
                .containsExactly(
                        new HbaRule(
                                "rules",
                                3,
                                "host",
                                "\"a b\",c",
                                "all",
                                "10.0.0.1",
                                "",
                                HbaMethod.MD5,
                                HbaOptions.NONE));
        assertThat(rules.rules().getFirst().text()).isEqualTo("host \"a b\",c all 10.0.0.1 md5");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "hostssl all all all cert | clientcert=verify-full",
                "hostssl all all all cert clientname=DN map=m | clientcert=verify-full clientname=DN map=m",
                "hostssl all all all scram-sha-256 clientcert=verify-ca | clientcert=verify-ca",
                "host all all all ldap ldapserver=d ldapbasedn=o=a ldapbinddn=o=b ldapbindpasswd=secret | ldapbasedn=o=a ldapbinddn=o=b ldapbindpasswd=*** ldapserver=d"
            })
    void aRuleHasOptions(String line, String expected) {
        var problems = new ArrayList<Problem>();
        IdentMaps maps = IdentMaps.parse("m a b", "maps", HERE, problems::add);

        HbaRules rules = HbaRules.parse(line, "rules", HERE, maps, problems::add);

        assertThat(problems).isEmpty();
        assertThat(rules.rules())
                .singleElement()
                .satisfies(
                        rule -> {
                            assertThat(rule.options()).hasToString(expected);
                            assertThat(rule.text()).endsWith(expected).doesNotContain("secret");
                        });
    }

    @ParameterizedTest
    @CsvSource({
        "'', alice, alice, true",
        "'', Alice, alice, false",
        "map=m, CN of bob, bob, true",
        "map=m, bob, bob, false",
        "map=m, CN of bob, alice, false"
    })
    void somebodyMayBeAUser(String option, String identity, String user, boolean expected) {
        var problems = new ArrayList<Problem>();
        IdentMaps maps = IdentMaps.parse("m \"CN of bob\" bob", "maps", HERE, problems::add);
        HbaRules rules =
                HbaRules.parse("hostssl all all all cert " + option, "", HERE, maps, problems::add);

        assertThat(rules.mayBe(rules.rules().getFirst(), identity, user)).isEqualTo(expected);
        assertThat(problems).isEmpty();
    }

    @Test
    void rulesWithOtherMapsAreOtherRules() {
        String line = "hostssl all all all cert map=m";
        IdentMaps one = IdentMaps.parse("m a b", "", HERE, _ -> {});
        IdentMaps two = IdentMaps.parse("m a c", "", HERE, _ -> {});

        assertThat(HbaRules.parse(line, "", HERE, one, _ -> {}))
                .isEqualTo(HbaRules.parse(line, "", HERE, one, _ -> {}))
                .isNotEqualTo(HbaRules.parse(line, "", HERE, two, _ -> {}));
    }

    @ParameterizedTest
    @CsvSource({
        "+staff, all, staff, true",
        "+staff, all, 'other,staff', true",
        "+staff, all, other, false",
        "+staff, all, '', false",
        "'bob,+staff', all, '', false",
        "'\"+staff\"', all, staff, false",
        "all, samerole, d, true",
        "all, samegroup, d, true",
        "all, samerole, other, false",
        "all, '\"samerole\"', d, false"
    })
    void rolesOfTheUserCount(String user, String database, String roles, boolean matches) {
        HbaRules rules = rules("host %s %s all trust".formatted(database, user));
        HbaRequest request =
                request("10.0.0.1", false, "d", "u")
                        .withRoles(roles.isEmpty() ? Set.of() : Set.of(roles.split(",")));

        assertThat(rules.firstMatch(request, "").isPresent()).isEqualTo(matches);
    }

    @Test
    void asksForRolesOnlyIfTheyMayDecide() {
        HbaRules rules =
                rules(
                        """
                        host first all 10.0.0.0/8 trust
                        host d +staff 10.0.0.0/8 trust
                        host samerole v .example.com trust
                        local all +staff reject
                        """);

        assertThat(unknown(rules, request("10.0.0.1", false, "first", "u")))
                .isEqualTo(HbaRules.Unknown.NOTHING);
        assertThat(unknown(rules, request("10.0.0.1", false, "d", "u")))
                .isEqualTo(HbaRules.Unknown.ROLES);
        assertThat(unknown(rules, request("11.0.0.1", false, "d", "u")))
                .isEqualTo(HbaRules.Unknown.NOTHING);
        assertThat(unknown(rules, request("11.0.0.1", false, "d", "v")))
                .isEqualTo(HbaRules.Unknown.HOST_NAME);
        assertThat(unknown(rules, request("10.0.0.1", false, "e", "u")))
                .isEqualTo(HbaRules.Unknown.NOTHING);
        assertThat(unknown(rules, request("local", false, "e", "u")))
                .isEqualTo(HbaRules.Unknown.ROLES);
    }

    @ParameterizedTest
    @CsvSource({
        ", false, d, HOST_NAME",
        "db.example.com, false, d, NOTHING",
        "'', false, d, ROLES",
        "'', true, d, NOTHING",
        ", false, e, ROLES",
        ", true, e, NOTHING",
        ", false, f, HOST_NAME",
        "db.example.com, false, f, ROLES",
        "'', false, f, NOTHING",
        ", true, f, HOST_NAME"
    })
    void asksInTheOrderOfTheLines(
            String hostName, boolean rolesKnown, String database, HbaRules.Unknown unknown) {
        HbaRules rules =
                rules(
                        """
                        host d all db.example.com trust
                        host d,e +staff all trust
                        host d,e all db.example.com trust
                        host f +staff db.example.com trust
                        host all all all reject
                        """);
        HbaRequest request =
                request("10.0.0.1", false, database, "u")
                        .withRoles(rolesKnown ? Set.of("staff") : Set.of());

        assertThat(rules.unknown(request, hostName, rolesKnown)).isEqualTo(unknown);
    }

    @Test
    void rolesAreAskedByAuthQuery() {
        HbaRules rules = rules("host a +staff all trust\nhost all all all trust");
        var problems = new ArrayList<Problem>();

        rules.checkRoles(Set.of("b"), problems::add);
        assertThat(problems).isEmpty();
        rules.checkRoles(Set.of("b", "a"), problems::add);

        assertThat(problems)
                .singleElement()
                .hasToString(
                        "ERROR rules:1: who is a member of a role is asked by auth_query, which pool a does not have");
    }

    @Test
    void linesThatNeedTlsAreCheckedAgainstIt() {
        HbaRules rules =
                rules(
                        """
                        hostssl all all 10.0.0.0/8 scram-sha-256
                        hostssl all all 10.0.0.0/8 cert
                        hostssl all all all reject
                        """);
        var problems = new ArrayList<Problem>();

        rules.checkTls(true, true, problems::add);
        assertThat(problems).isEmpty();
        rules.checkTls(false, false, problems::add);

        assertThat(problems)
                .extracting(Problem::toString)
                .containsExactly(
                        "WARNING rules:1: hostssl never matches: tls_certificate is not set",
                        "ERROR rules:2: client certificates cannot be verified: tls_ca_cert is not set");
    }

    @Test
    void aBackslashJoinsLines() {
        HbaRules rules = rules("host all \\\n all all \\\n trust\nlocal all all reject");

        assertThat(rules.rules()).extracting(HbaRule::line).containsExactly(1, 4);
        assertThat(rules.rules())
                .extracting(HbaRule::text)
                .containsExactly("host all all all trust", "local all all reject");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "local all all | too few fields, expected local DATABASE USER METHOD",
                "host all all trust | too few fields, expected host DATABASE USER ADDRESS METHOD",
                "host all all 10.0.0.0 255.0.0.0 | too few fields, the method is missing",
                "hosts all all all trust | unknown connection type hosts",
                "host,local all all all trust | unknown connection type host,local",
                "host all + all trust | + without the name of a role",
                "host @dbs all all trust | dbs could not open: no such file",
                "host all @no/users all trust | no/users could not open: no such file",
                "host /^(a all all trust | regular expression /^(a: missing closing )",
                "host all \"/a**\" all trust | regular expression /a**: invalid nested repetition",
                "host all /(a)\\1 all trust | regular expression /(a)\\1: \\1 is not supported",
                "host all /a\\b all trust | regular expression /a\\b: \\b is not supported",
                "host all /a\\y all trust | \\y is not supported",
                "host all /\\ma all trust | \\m is not supported",
                "host all /a\\M all trust | \\M is not supported",
                "host all /a\\z all trust | \\z is not supported",
                "host all /a\\Z all trust | \\Z is not supported",
                "host all /\\Qa\\E all trust | \\Q is not supported",
                "host all /\\pL all trust | \\p is not supported",
                "host all /\\x414 all trust | \\x is not supported",
                "host all /[a\\b] all trust | \\b is not supported",
                "host all /[[.hyphen.]] all trust | [. is not supported",
                "host all /[[=a=]] all trust | [= is not supported",
                "host all /[[:<:]]a all trust | [:<:] is not supported",
                "host all /[[:^alpha:]] all trust | [:^alpha:] is not supported",
                "host all /(?i)a all trust | (?i is not supported; after (? comes a colon",
                "host all /a(?=b) all trust | (?= is not supported",
                "host all /(?<!a)b all trust | (?< is not supported",
                "host all /***=a all trust | *** is not supported",
                "host all /^*a all trust | * repeats nothing",
                "host all /^a{1 all trust | an expression with a comma has to be quoted",
                "host all \"/^a{1,2,3}\" all trust | { and a digit begin a bound",
                "host all \"/^a{2,1}\" all trust | { and a digit begin a bound",
                "host all /^a{256} all trust | with numbers up to 255",
                "host all /^a{01} all trust | { and a digit begin a bound",
                "host all /^a{1x} all trust | { and a digit begin a bound",
                "host all all a..b trust | a..b is neither an address",
                "host all all . trust | . is neither an address",
                "host all all 10.0.0.0/33 trust | 10.0.0.0/33 is neither an address",
                "host all all db.example.com/24 trust | db.example.com/24 is neither an address",
                "host all all 10.0.0.256 trust | 10.0.0.256 is neither an address",
                "host all all 010.0.0.1/32 trust | 010.0.0.1/32: a number that begins with 0 is octal",
                "host all all 10.0.0.08 trust | 10.0.0.08: a number that begins with 0 is octal",
                "host all all ::ffff:10.00.0.1/128 trust | a number that begins with 0 is octal",
                "host all all 10.0.01.0 255.0.0.0 trust | 10.0.01.0: a number that begins with 0",
                "host all all 10.0.0.0 255.255.000.0 trust | 255.255.000.0: a number that begins",
                "host all all 10.1 trust | 10.1 is neither an address",
                "host all all 0x7f000001 trust | 0x7f000001 is neither an address",
                "host all all 10.0.0/24 trust | 10.0.0/24 is neither an address",
                "host all all ::/129 trust | ::/129 is neither an address",
                "host all all 10.0.0.0 255.0.255.0 trust | 255.0.255.0 is not a mask of 10.0.0.0",
                "host all all 10.0.0.0 ffff:: trust | ffff:: is not a mask of 10.0.0.0",
                "host all all 10.0.0.1,10.0.0.2 trust | expected one address, got 10.0.0.1,10.0.0.2",
                "include other.conf | other.conf could not open: no such file",
                "include | expected include and one name",
                "include a b | expected include and one name",
                "include_dir other | could not list the directory",
                "include_if_exists a,b | expected include_if_exists and one name",
                "host all all all ldap ldapserver=a ldapprefix=b ldapservr=a | option ldapservr is unknown",
                "host all all all pam ldapserver=a | option ldapserver is for method ldap",
                "host all all all radius | method radius is not supported: the pooler does not ask such",
                "host all all all bsd | method bsd is not supported: the pooler does not ask such",
                "host all all all cert | method cert is for hostssl lines only",
                "hostssl all all all cert clientcert=verify-ca | must be verify-full with method cert",
                "local all all peer | use scram-sha-256, or trust on a Unix socket whose permissions",
                "host all all all ident | method ident is not supported: the pooler does not ask the",
                "host all all all gss | method gss is not supported: the pooler has no Kerberos",
                "host all all all sspi | method sspi is not supported: the pooler has no Kerberos",
                "host all all all oauth | method oauth is not supported: the pooler takes tokens as",
                "host all all all jwt | method jwt needs the option jwtkeys",
                "host all all all jwt jwtkeys=k jwtclaim= | option jwtclaim has no value",
                "host all all all jwt jwtkeys=k jwtclockskew=301 | seconds from 0 to 300, is 301",
                "host all all all jwt jwtkeys=k jwtclockskew=-1 | seconds from 0 to 300, is -1",
                "host all all all jwt jwtkeys=k jwtclockskew=1m | seconds from 0 to 300, is 1m",
                "host all all all md5 jwtclaim=sub | option jwtclaim is for method jwt",
                "host all all all trsut | method trsut is unknown",
                "host all all all md5,trust | expected one method, got md5,trust",
                "host all all all trust clientcert=verify-ca | clientcert is for hostssl lines only",
                "hostssl all all all trust clientcert=1 | must be verify-ca or verify-full, is 1",
                "host all all all trust clientname=DN | option clientname is for hostssl lines only",
                "hostssl all all all cert clientname=SAN | option clientname must be CN or DN, is SAN",
                "hostssl all all all cert map=m | option map: pg_ident has no map m",
                "host all all all md5 map=m | option map is for methods that know clients by another",
                "host all all all md5 ldapbindpasswd=secret | option ldapbindpasswd is for method ldap",
                "host all all all md5 x=secret | option x is unknown",
                "host all all all md5 trust | option trust is not of the form name=value",
                "host all all all md5 trust | a value with blanks or commas has to be quoted",
                "host \"all all all trust | a quotation mark is not closed"
            })
    void aLineThatIsNotUnderstoodIsAnError(String line, String expected) {
        var problems = new ArrayList<Problem>();

        HbaRules rules = HbaRules.parse("\n" + line, "rules", HERE, () -> OWN, problems::add);

        assertThat(problems)
                .singleElement()
                .asString()
                .startsWith("ERROR rules:2: ")
                .contains(expected)
                .doesNotContain("=secret");
        assertThat(rules.rules()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "host all all all ldap ldapserver=a ldapbindpasswd=my secret | option number 3 is not of",
                "host all all all ldap ldapbindpasswd=my,secret ldapserver=a | option number 2 is not of",
                "host all all all ldap ldapserver=a ldapbindpasswd=my secret=x | option number 3 is unknown",
                "host all all all ldap ldapserver=a ldapbindpasswd \"secret\" | option number 3 is not of",
                "host all all ldap ldapbindpasswd=secret | method ldapbindpasswd=*** is unknown",
                "host all all ldapbindpasswd=secret ldap | ldapbindpasswd=*** is neither an address"
            })
    void noErrorRepeatsPartOfASecret(String line, String expected) {
        var problems = new ArrayList<Problem>();

        HbaRules.parse(line, "rules", HERE, () -> OWN, problems::add);

        assertThat(problems)
                .isNotEmpty()
                .anySatisfy(each -> assertThat(each.text()).contains(expected))
                .noneSatisfy(each -> assertThat(each.text()).contains("secret"));
    }

    @Test
    void reportsEveryBadLine() {
        var problems = new ArrayList<Problem>();

        HbaRules.parse("a\nlocal all all trust\nb\n", "rules", HERE, () -> OWN, problems::add);

        assertThat(problems)
                .extracting(Problem::text)
                .containsExactly(
                        "rules:1: unknown connection type a", "rules:3: unknown connection type b");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "hostgssenc all all all trust | hostgssenc never matches: there is no GSSAPI here",
                "host All all all trust | All is a name here, the keyword for everything is all",
                "# nothing | has no rule, so nobody can log in"
            })
    void warnsOfRulesThatDoNotDoWhatTheySeemTo(String line, String expected) {
        var problems = new ArrayList<Problem>();

        HbaRules.parse(line, "rules", HERE, () -> OWN, problems::add);

        assertThat(problems).singleElement().asString().startsWith("WARNING").endsWith(expected);
    }

    @Test
    void withoutRulesNobodyGetsIn() {
        HbaRules rules = HbaRules.parse("", "rules", HERE, _ -> {});

        assertThat(rules.firstMatch(request("local", false, "d", "u"), "")).isEmpty();
        assertThat(rules.firstMatch(request("10.0.0.1", true, "d", "u"), "")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"local", "10.0.0.1", "::1"})
    void theRulesThatHoldWithoutConfigurationAdmitEverybody(String peer) {
        assertThat(HbaRules.ALLOW_ALL.firstMatch(request(peer, false, "d", "u"), ""))
                .map(HbaRule::method)
                .hasValue(HbaMethod.BY_SECRET);
    }

    @Test
    void knowsTheAddressesOfThisMachine() {
        HbaRules rules = HbaRules.parse("host all all samehost trust", "rules", HERE, _ -> {});

        assertThat(rules.firstMatch(request("127.0.0.1", false, "d", "u"), "")).isPresent();
        assertThat(rules.firstMatch(request("203.0.113.1", false, "d", "u"), "")).isEmpty();
    }

    @Test
    void aMachineWhoseAddressesCannotBeReadIsAnError() {
        var problems = new ArrayList<Problem>();

        HbaRules.parse(
                "local all all trust\nhost all all samenet reject\nhost all all samehost trust",
                "rules",
                HERE,
                () -> {
                    throw new UncheckedIOException("no interfaces", new IOException());
                },
                problems::add);

        assertThat(problems)
                .extracting(Problem::toString)
                .containsExactly(
                        "ERROR rules:2: the addresses of this machine cannot be read: no interfaces",
                        "ERROR rules:3: the addresses of this machine cannot be read: no interfaces");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.1", "0.0.0.0/0", "fe80::01/64", "fe80::0a", "10.0.0.0/08"})
    void zerosThatAreNotAmbiguousAreTaken(String address) {
        var problems = new ArrayList<Problem>();

        HbaRules.parse(
                "host all all " + address + " trust", "rules", HERE, () -> OWN, problems::add);

        assertThat(problems).isEmpty();
    }

    /** PostgreSQL's {@code $} is the end of the name alone. */
    @Test
    void anExpressionIsNotFooledByALineBreak() {
        HbaRules rules = rules("host all /^admin$ all trust");

        assertThat(rules.firstMatch(request("10.0.0.1", false, "d", "admin"), "")).isPresent();
        assertThat(rules.firstMatch(request("10.0.0.1", false, "d", "admin\n"), "")).isEmpty();
        assertThat(rules.firstMatch(request("10.0.0.1", false, "d", "x\nadmin"), "")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"/^a{1,2}$\" | aa | true",
                "\"/^a{1,2}$\" | aaa | false",
                "\"/^a{2,}$\" | aaa | true",
                "/^a{255}$ | aa | false",
                "/^a{x | a{x | true",
                "/^[{1]$ | { | true",
                "/^\\{1$ | {1 | true",
                "/^[]{1]+$ | ]1{ | true",
                "/^[^]{1]$ | 1 | false",
                "/^[[:digit:]{1]$ | { | true",
                "'/^(?:a|b)$' | b | true",
                "/\\Aa$ | a | true",
                "/^a\\.b\\w\\d$ | a.bx1 | true",
                "'\"/^a\\s[\\s][^\\S]$\"' | 'a\u000b\u000b\u000b' | true",
                "/^a\\S[\\S]$ | 'a\u000b\u000b' | false"
            })
    void readsExpressionsAsPostgreSqlDoes(String expression, String user, boolean expected) {
        HbaRules rules = rules("host all %s all trust".formatted(expression));

        assertThat(rules.firstMatch(request("10.0.0.1", false, "d", user), "").isPresent())
                .isEqualTo(expected);
    }

    /** The comma makes two expressions of one, and neither is what was meant. */
    @Test
    void anExpressionThatItsCommaHasCutIsAnError() {
        var problems = new ArrayList<Problem>();

        HbaRules.parse("host all /^a{1,2}$ all reject", "rules", HERE, () -> OWN, problems::add);

        assertThat(problems)
                .singleElement()
                .asString()
                .startsWith("ERROR rules:1: regular expression /^a{1: { and a digit begin a bound")
                .endsWith("an expression with a comma has to be quoted");
    }

    /** With a backtracking engine this would not end before the sun does. */
    @Test
    @Timeout(20)
    void noNameMakesAnExpressionSlow() {
        HbaRules rules = rules("host all \"/^(a+)+$\" all trust");

        assertThat(rules.firstMatch(request("10.0.0.1", false, "d", "a".repeat(9_000) + "b"), ""))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "db.example.com | db.example.com | true",
                "db.example.com | DB.Example.COM | true",
                "DB.example.com | db.example.com | true",
                "db.example.com | xdb.example.com | false",
                "db.example.com | db.example.com.evil.org | false",
                ".example.com | db.example.com | true",
                ".example.com | a.b.example.com | true",
                ".example.com | example.com | false",
                ".example.com | evilexample.com | false",
                "localhost | localhost | true",
                "\"all\" | all | true",
                "\"all\" | db | false",
                "db.example.com | '' | false"
            })
    void hostNamesMatchWhatTheAddressIsCalled(String address, String name, boolean matches) {
        HbaRules rules = rules("host all all %s trust".formatted(address));
        HbaRequest request = request("10.0.0.1", false, "d", "u");

        assertThat(unknown(rules, request)).isEqualTo(HbaRules.Unknown.HOST_NAME);
        assertThat(rules.firstMatch(request, name).isPresent()).isEqualTo(matches);
    }

    @Test
    void asksForHostNamesOnlyWhereTheyDecide() {
        HbaRules rules =
                rules(
                        """
                        host all all 10.0.0.1 trust
                        host d u db.example.com trust
                        """);

        assertThat(unknown(rules, request("10.0.0.1", false, "d", "u")))
                .isEqualTo(HbaRules.Unknown.NOTHING);
        assertThat(unknown(rules, request("10.0.0.2", false, "d", "u")))
                .isEqualTo(HbaRules.Unknown.HOST_NAME);
        assertThat(unknown(rules, request("10.0.0.2", false, "e", "u")))
                .isEqualTo(HbaRules.Unknown.NOTHING);
        assertThat(unknown(rules, request("10.0.0.2", false, "d", "v")))
                .isEqualTo(HbaRules.Unknown.NOTHING);
        assertThat(unknown(rules, request("local", false, "d", "u")))
                .isEqualTo(HbaRules.Unknown.NOTHING);
    }

    @Test
    void countsWhatEachLineDecides() {
        HbaRules rules = rules("local all all trust\nhost all all 10.0.0.1 reject\n");

        rules.decide(request("local", false, "d", "u"), "");
        rules.decide(request("local", false, "d", "u"), "");
        rules.decide(request("10.0.0.1", false, "d", "u"), "");
        rules.decide(request("10.0.0.2", false, "d", "u"), "");
        rules.firstMatch(request("local", false, "d", "u"), "");

        assertThat(rules.hits()).extracting(HbaRules.Hits::count).containsExactly(2L, 1L);
        assertThat(rules).isEqualTo(rules("local all all trust\nhost all all 10.0.0.1 reject\n"));
    }

    @Test
    void linesThatStayKeepTheirCounts() {
        HbaRules before =
                rules(
                        "local a all trust\nlocal a all trust\nlocal b all trust\nhost c all all md5");
        before.decide(request("local", false, "a", "u"), "");
        before.decide(request("local", false, "b", "u"), "");
        before.decide(request("10.0.0.1", false, "c", "u"), "");
        HbaRules after =
                rules("host c all all reject\n# new\nlocal b all trust\nlocal a all trust\n");

        after.continueFrom(before);
        after.decide(request("local", false, "b", "u"), "");
        before.decide(request("local", false, "b", "u"), ""); // a login that was under way

        assertThat(after.hits()).extracting(HbaRules.Hits::count).containsExactly(0L, 3L, 1L);
    }

    @Test
    void inheritsCountsOfLinesItHas() {
        HbaRules before = rules("local a all trust\nlocal a all trust\nlocal b all trust");
        before.decide(request("local", false, "a", "u"), "");
        HbaRules after = rules("local a all trust\nlocal c all trust");
        after.decide(request("local", false, "a", "u"), "");

        after.inherit(before.hits());

        assertThat(after.hits()).extracting(HbaRules.Hits::count).containsExactly(2L, 0L);
    }

    @Test
    void equalTextsAreEqualRules() {
        assertThat(rules("local all all trust")).isEqualTo(rules("local  all all  trust # x"));
        assertThat(rules("local all all trust")).isNotEqualTo(rules("local all all reject"));
        assertThat(rules("local all all trust")).hasSameHashCodeAs(rules("local all all trust"));
    }

    @Test
    void takesAnyText() {
        var random = new Random(7);
        var words =
                List.of(
                        "host",
                        "local",
                        "all",
                        "\"",
                        ",",
                        " ",
                        "\n",
                        "\\\n",
                        "#",
                        "10.0.0.0",
                        "/8",
                        "::",
                        "trust",
                        "md5",
                        "@",
                        "+",
                        "/",
                        "\0",
                        "\t",
                        "255.0.0.0",
                        "samenet");
        for (int i = 0; i < 2_000; i++) {
            var text = new StringBuilder();
            for (int n = random.nextInt(20); n > 0; n--) {
                text.append(words.get(random.nextInt(words.size())));
            }

            HbaRules rules = HbaRules.parse(text.toString(), "rules", HERE, () -> OWN, _ -> {});

            rules.firstMatch(request("10.0.0.1", false, "d", "u"), "");
        }
    }

    private static HbaRules rules(String text) {
        return HbaRules.parse(
                text,
                "rules",
                HERE,
                () -> OWN,
                problem ->
                        assertThat(problem.severity())
                                .as(problem.text())
                                .isNotEqualTo(Problem.Severity.ERROR));
    }

    private static HbaRules.Unknown unknown(HbaRules rules, HbaRequest request) {
        return rules.unknown(request, request.local() ? "" : null, false);
    }

    private static HbaRequest request(String peer, boolean tls, String database, String user) {
        return peer.equals("local")
                ? new HbaRequest(true, false, database, user, null)
                : new HbaRequest(false, tls, database, user, InetAddress.ofLiteral(peer));
    }
}
