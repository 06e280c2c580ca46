package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.stream.Stream;

class IoUringSupportTest {
    static Stream<Arguments> reasons() {
        Throwable forbidden = new RuntimeException("io_uring_setup: Operation not permitted");
        return Stream.of(
                Arguments.of(forbidden, "2", "sysctl kernel.io_uring_disabled=0"),
                Arguments.of(forbidden, "1", "kernel.io_uring_group"),
                Arguments.of(forbidden, "0", "seccomp"),
                Arguments.of(forbidden, "", "seccomp"),
                Arguments.of(new RuntimeException("Cannot allocate memory"), "0", "ulimit -l"),
                Arguments.of(
                        new RuntimeException("failed", new UnsatisfiedLinkError("no lib")),
                        "0",
                        "native library"),
                Arguments.of(
                        new UnsupportedOperationException("you need at least kernel 5.9"),
                        "",
                        "you need at least kernel 5.9"),
                Arguments.of(null, "", "no reason given"));
    }

    @ParameterizedTest
    @MethodSource("reasons")
    void namesReasonAndWhatToDo(Throwable cause, String sysctl, String expected) {
        assertThat(IoUringSupport.explain(cause, sysctl)).contains(expected);
    }
}
