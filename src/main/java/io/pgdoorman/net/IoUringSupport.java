package io.pgdoorman.net;

import io.netty.channel.uring.IoUring;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Finds out whether io_uring can be used here and, if not, why. Threads: any; it is stateless. */
final class IoUringSupport {
    private static final Path SYSCTL = Path.of("/proc/sys/kernel/io_uring_disabled");

    static {
        // Netty arms a multishot accept again after each failure, auto-read or not: out of
        // descriptors, a loop would do nothing else (half a million failed accepts a second were
        // seen). One accept per completion respects auto-read. Read when IoUring is initialised.
        System.setProperty("io.netty.iouring.acceptMultiShotEnabled", "false");
    }

    private IoUringSupport() {}

    /**
     * Null if io_uring works: a ring was made and every operation needed is known to the kernel.
     */
    static @Nullable String whyNot() {
        try {
            if (IoUring.isAvailable()) {
                return null;
            }
            return explain(IoUring.unavailabilityCause(), readSysctl());
        } catch (LinkageError e) {
            return explain(e, readSysctl());
        }
    }

    /**
     * Names the reason and what to do.
     *
     * @param sysctl content of kernel.io_uring_disabled, empty where the kernel has no such file
     */
    static String explain(@Nullable Throwable cause, String sysctl) {
        String detail = message(cause);
        String lower = detail.toLowerCase(Locale.ROOT);
        if (has(cause, LinkageError.class) || has(cause, ClassNotFoundException.class)) {
            return "its native library cannot be loaded on this machine (" + detail + ")";
        }
        if (sysctl.equals("2")) {
            return "it is disabled in the kernel (set sysctl kernel.io_uring_disabled=0)";
        }
        if (lower.contains("not permitted") || lower.contains("permission denied")) {
            return sysctl.equals("1")
                    ? "the kernel allows it to one group only (sysctl kernel.io_uring_disabled=1:"
                            + " join the group of kernel.io_uring_group or set it to 0)"
                    : "a security profile forbids it, as container runtimes do by default (allow"
                            + " io_uring_setup, io_uring_enter and io_uring_register in the"
                            + " seccomp profile)";
        }
        if (lower.contains("cannot allocate memory")) {
            return "the limit of locked memory is too low (raise ulimit -l)";
        }
        return "the kernel does not offer what is needed (" + detail + ")";
    }

    private static boolean has(@Nullable Throwable t, Class<? extends Throwable> type) {
        for (Throwable c = t; c != null; c = c.getCause()) {
            if (type.isInstance(c)) {
                return true;
            }
        }
        return false;
    }

    private static String message(@Nullable Throwable t) {
        if (t == null) {
            return "no reason given";
        }
        String text = t.getMessage();
        return text == null ? t.getClass().getSimpleName() : text;
    }

    private static String readSysctl() {
        try {
            return Files.readString(SYSCTL).strip();
        } catch (IOException e) {
            return ""; // kernels before 6.6
        }
    }
}
