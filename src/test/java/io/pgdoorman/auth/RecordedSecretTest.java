package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values of pg_authid.rolpassword that PostgreSQL 15 stored for known passwords. */
class RecordedSecretTest {
    @ParameterizedTest
    @CsvSource(
            delimiterString = " | ",
            value = {
                "secret | SCRAM-SHA-256$4096:6O3+s+VOB4YRbLWlRwgirA==$KFS4J2wfivaVNThaCnkz2uDdmuSZx3UDtL3y9nvJjv4=:6YvfD0MMX6yYd8UhReHi787DXT/Vi2AVTr+/OCdsU8U=",
                // NFKC makes IX of the Roman numeral
                "pässwörd Ⅸ | SCRAM-SHA-256$4096:dPs3sznxSsQ0vSmf0+0a/Q==$ua8FCxOaTr7mrWUui905nvt12h8rwvwTz3oi9uVFaTk=:WoA22SgWF8BBOnVOF2RmlSAiamEgXKJgrsvrEKtm4XA=",
                "I\u00ADX\u00AAfoo\u2168 | SCRAM-SHA-256$4096:nxMFD90a6TDMkfxzC1erYA==$ga7N1Rd/Gp4LRgrZLsQwn7+VKFcex09SDjcobcw0KYU=:wBLtWuloj4TSyg/ECBm/xEuY/BrmpZa0NDMnzTYfdtE=",
                // prohibited, badly directed and unassigned: used as they are
                "a\u0007ü | SCRAM-SHA-256$4096:Q/qoCO3+mVu8wcXQbp65Hg==$cc5wfUxWT5rF9UXWjxX7QN5SrDPrc9L374p8VtCGQoc=:Wlly3Ha9moxIYIU6F8ZB5cYWgvx67Gm16o5scNqoQL4=",
                "\u06271 | SCRAM-SHA-256$4096:fK2gD07TbwRu+azS+X+l6A==$h2ZKjvPLZkYoery/Trs/Xv4VOUUoaK5BTE79yTw3MEc=:BXIvf6cbMVgI8o2Am9rkImASEtfbJY9Qdt0NSE+ipjA=",
                "x\u0221 | SCRAM-SHA-256$4096:mSUTKmiCH1kVXMGygXH2Fw==$kiKwitL02BpAT91wFru3hFIgIdXEUk8uzR0+LdlR7oE=:kNYIgFzNIbqCUrIZA/ogu1GBLFk+/lzy/lBCqjUUYSY=",
            })
    void derivesTheKeysThatPostgresStored(String password, String stored) {
        var secret = (StoredSecret.Scram) StoredSecret.parse(stored);

        ScramKeys keys =
                ScramKeys.derive(Bytes.ofText(password), secret.salt(), secret.iterations());

        assertThat(keys.storedKey()).isEqualTo(secret.storedKey());
        assertThat(keys.serverKey()).isEqualTo(secret.serverKey());
        assertThat(secret.format()).isEqualTo(stored);
    }

    @ParameterizedTest
    @CsvSource({
        "md5_user, secret, md539c4422cad2e8aa743c2904bf0925538",
        "md5_üser, pässwörd, md56d439039e845a20db2d1280e5a0774bc",
    })
    void hashesAsPostgresDoes(String user, String password, String stored) {
        assertThat(Md5Password.hash(Bytes.ofText(password), user)).isEqualTo(stored);
        assertThat(StoredSecret.parse(stored)).isEqualTo(new StoredSecret.Md5(stored));
    }
}
