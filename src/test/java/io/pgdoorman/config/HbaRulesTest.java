package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

class HbaRulesTest {
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
                "host all all all trust # reject | d | u | 10.0.0.1 | false | true"
            })
    void matches(
            String rule, String database, String user, String peer, boolean tls, boolean matches) {
        HbaRules rules = rules(rule);

        assertThat(rules.firstMatch(request(peer, tls, database, user)).isPresent())
                .isEqualTo(matches);
    }

    @Test
    void foldsPeersThatMapIpv4() throws Exception {
        var bytes = new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 0, 0, 1};
        InetAddress mapped = Inet6Address.getByAddress(null, bytes, -1);

        assertThat(mapped).isInstanceOf(Inet6Address.class);
        assertThat(
                        rules("host all all 10.0.0.0/8 trust")
                                .firstMatch(new HbaRequest(false, false, "d", "u", mapped)))
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

        assertThat(rules.firstMatch(request(peer, false, database, user)).map(HbaRule::method))
                .isEqualTo(java.util.Optional.ofNullable(method));
    }

    @Test
    void aRuleKnowsItsLineAndText() {
        HbaRules rules = rules("# comment\n\nhost  \"a b\", c\tall 10.0.0.1   md5 # why\n");

        assertThat(rules.rules())
                .containsExactly(new HbaRule(3, "host \"a b\",c all 10.0.0.1 md5", HbaMethod.MD5));
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
                "host all +admins all trust | the role membership +admins is not supported yet",
                "host @dbs all all trust | the file of names @dbs is not supported yet",
                "host all @users all trust | the file of names @users is not supported yet",
                "host /^a all all trust | the regular expression /^a is not supported yet",
                "host all \"/^a\" all trust | the regular expression \"/^a\" is not supported yet",
                "host samerole all all trust | the keyword samerole is not supported yet",
                "host all all db.example.com trust | host names are not supported yet",
                "host all all .example.com trust | host names are not supported yet",
                "host all all 10.0.0.0/33 trust | is not an address",
                "host all all 10.0.0.256 trust | is not an address",
                "host all all 10.0.0/24 trust | is not an address",
                "host all all ::/129 trust | is not an address",
                "host all all 10.0.0.0 255.0.255.0 trust | is not an address",
                "host all all 10.0.0.0 ffff:: trust | is not an address",
                "host all all 10.0.0.1,10.0.0.2 trust | several addresses in one rule",
                "host all all \"all\" trust | host names are not supported yet",
                "include other.conf | include is not supported yet",
                "include_dir other | include_dir is not supported yet",
                "include_if_exists other | include_if_exists is not supported yet",
                "host all all all ldap | method ldap is not supported yet",
                "host all all all cert | method cert is not supported yet",
                "local all all peer | method peer is not supported yet",
                "host all all all jwt | method jwt is not supported yet",
                "host all all all trsut | method trsut is unknown",
                "host all all all md5,trust | method md5,trust is unknown",
                "hostssl all all all trust clientcert=verify-ca | option clientcert=verify-ca is not supported",
                "host \"all all all trust | a quotation mark is not closed"
            })
    void aLineThatIsNotUnderstoodIsAnError(String line, String expected) {
        var problems = new ArrayList<Problem>();

        HbaRules rules = HbaRules.parse("\n" + line, "rules", () -> OWN, problems::add);

        assertThat(problems)
                .singleElement()
                .asString()
                .startsWith("ERROR rules:2: ")
                .contains(expected);
        assertThat(rules.rules()).isEmpty();
    }

    @Test
    void reportsEveryBadLine() {
        var problems = new ArrayList<Problem>();

        HbaRules.parse("a\nlocal all all trust\nb\n", "rules", () -> OWN, problems::add);

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

        HbaRules.parse(line, "rules", () -> OWN, problems::add);

        assertThat(problems).singleElement().asString().startsWith("WARNING").endsWith(expected);
    }

    @Test
    void withoutRulesNobodyGetsIn() {
        HbaRules rules = HbaRules.parse("", "rules", _ -> {});

        assertThat(rules.firstMatch(request("local", false, "d", "u"))).isEmpty();
        assertThat(rules.firstMatch(request("10.0.0.1", true, "d", "u"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"local", "10.0.0.1", "::1"})
    void theRulesThatHoldWithoutConfigurationAdmitEverybody(String peer) {
        assertThat(HbaRules.ALLOW_ALL.firstMatch(request(peer, false, "d", "u")))
                .map(HbaRule::method)
                .hasValue(HbaMethod.BY_SECRET);
    }

    @Test
    void knowsTheAddressesOfThisMachine() {
        HbaRules rules = HbaRules.parse("host all all samehost trust", "rules", _ -> {});

        assertThat(rules.firstMatch(request("127.0.0.1", false, "d", "u"))).isPresent();
        assertThat(rules.firstMatch(request("203.0.113.1", false, "d", "u"))).isEmpty();
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

            HbaRules rules = HbaRules.parse(text.toString(), "rules", () -> OWN, _ -> {});

            rules.firstMatch(request("10.0.0.1", false, "d", "u"));
        }
    }

    private static HbaRules rules(String text) {
        return HbaRules.parse(
                text,
                "rules",
                () -> OWN,
                problem ->
                        assertThat(problem.severity())
                                .as(problem.text())
                                .isNotEqualTo(Problem.Severity.ERROR));
    }

    private static HbaRequest request(String peer, boolean tls, String database, String user) {
        return peer.equals("local")
                ? new HbaRequest(true, false, database, user, null)
                : new HbaRequest(false, tls, database, user, InetAddress.ofLiteral(peer));
    }
}
