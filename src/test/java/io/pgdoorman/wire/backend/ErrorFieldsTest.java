package io.pgdoorman.wire.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorFields.Field;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.List;

class ErrorFieldsTest {
    @ParameterizedTest
    @EnumSource(Severity.class)
    void namesItsSeverityInBothForms(Severity severity) {
        ErrorResponse error = ErrorResponse.of(severity, SqlState.SYNTAX_ERROR, "no");

        assertThat(error.fields().all())
                .containsExactly(
                        new Field(ErrorFields.LOCALIZED_SEVERITY, severity.name()),
                        new Field(ErrorFields.SEVERITY, severity.name()),
                        new Field(ErrorFields.SQLSTATE, "42601"),
                        new Field(ErrorFields.MESSAGE, "no"));
        assertThat(error.severity()).isEqualTo(severity);
        assertThat(error.isFatal())
                .isEqualTo(severity == Severity.FATAL || severity == Severity.PANIC);
    }

    @Test
    void addsDetailAndHintAtTheEndAndReplacesThemInPlace() {
        NoticeResponse notice =
                NoticeResponse.of(Severity.WARNING, SqlState.WARNING, "m")
                        .withDetail("d1")
                        .withHint("h")
                        .withDetail("d2");

        assertThat(notice.fields().all()).extracting(Field::value).endsWith("m", "d2", "h");
        assertThat(notice.fields().detail()).isEqualTo("d2");
        assertThat(notice.fields().hint()).isEqualTo("h");
        assertThat(notice.fields().position()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"FEHLER, FATAL, FATAL", "FATAL, , FATAL", "FEHLER, , ERROR", ", , ERROR"})
    void prefersTheSeverityThatIsNeverTranslated(
            String localized, String untranslated, Severity expected) {
        var fields = new ErrorFields(List.of());
        fields =
                localized == null ? fields : fields.with(ErrorFields.LOCALIZED_SEVERITY, localized);
        fields = untranslated == null ? fields : fields.with(ErrorFields.SEVERITY, untranslated);

        assertThat(new ErrorResponse(fields).severity()).isEqualTo(expected);
    }

    @Test
    void answersForFieldsThatAPeerLeftOut() {
        var notice = new NoticeResponse(new ErrorFields(List.of()));

        assertThat(notice.severity()).isEqualTo(Severity.NOTICE);
        assertThat(notice.sqlState()).isEmpty();
        assertThat(notice.message()).isEmpty();
    }

    @Test
    void refusesAFieldThatWouldEndTheMessage() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> new Field((byte) 0, "x"));
    }
}
