package io.pgdoorman.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.HbaRule;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;

class PasswordServicesTest {
    private static final String LDAP = "host all all all ldap ldapserver=a ldapprefix=x ";

    private final PasswordServices services = new PasswordServices();

    @Test
    void rulesThatSayTheSameHaveTheSameAuthority() {
        List<Optional<Authority>> all =
                use(
                        LDAP + "ldapport=1",
                        LDAP + "ldapport=1",
                        LDAP + "ldapport=2",
                        "host all all all pam pamservice=s",
                        "host all all all md5");

        assertThat(all.get(0)).isPresent().isEqualTo(all.get(1)).isNotEqualTo(all.get(2));
        assertThat(all.get(3)).contains(services.pam("s"));
        assertThat(all.get(4)).isEmpty();
    }

    @Test
    void authoritiesStayAsLongAsARuleNamesThem() {
        Optional<Authority> first = use(LDAP).getFirst();

        assertThat(use("host all all all md5", LDAP).get(1)).isEqualTo(first);
        assertThat(use("host all all all md5").getFirst()).isEmpty();
        assertThat(use(LDAP).getFirst()).isPresent().isNotEqualTo(first);
    }

    @Test
    void aFileOfAuthoritiesThatIsNotThereIsFoundAtTheStart() {
        Config config = config(LDAP + "ldaptls=1 ldapcacert=/nowhere.crt");

        assertThatThrownBy(() -> PasswordServices.check(config))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("general.pg_hba:1: option ldapcacert: /nowhere.crt");
    }

    private List<Optional<Authority>> use(String... rules) {
        Config config = config(rules);
        services.use(config);
        List<HbaRule> read = config.general().hba().rules();
        return read.stream().map(services::of).toList();
    }

    private static Config config(String... rules) {
        String text =
                """
                [general]
                admin_username = "a"
                admin_password = "b"
                pg_hba = \"""%s\"""
                [pools]
                """
                        .formatted(String.join("\n", rules));
        return ConfigLoader.parse(text, "test.toml").config().orElseThrow();
    }
}
