package io.pgdoorman.authority;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.pgdoorman.wire.Bytes;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;

/**
 * What a module asks of the client: a question without echo gets the password, whatever its text;
 * what a module has to say goes to the log; it can ask for nothing else, because the client is not
 * there to answer. As PostgreSQL does it.
 *
 * <p>Threads: confined to one call of PAM.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/pam_conv.3.html">pam_conv(3)</a>
 */
final class PamConversation {
    private static final Logger LOG = LoggerFactory.getLogger(PamConversation.class);

    private static final int PAM_SUCCESS = 0;
    private static final int PAM_CONV_ERR = 19;
    private static final int MAX_MESSAGES = 32; // PAM_MAX_NUM_MSG
    private static final int PROMPT_ECHO_OFF = 1;
    private static final int ERROR_MSG = 3;
    private static final int TEXT_INFO = 4;

    private static final MethodHandle ANSWER = answerHandle();

    private final String service;
    private final Bytes password;

    PamConversation(String service, Bytes password) {
        this.service = service;
        this.password = password;
    }

    private static MethodHandle answerHandle() {
        try {
            return MethodHandles.lookup()
                    .findVirtual(
                            PamConversation.class, "answer", PamLibrary.CONVERSE.toMethodType());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The {@code struct pam_conv}, which lives as long as the arena. */
    MemorySegment in(Arena arena) {
        return PamLibrary.conversation(ANSWER.bindTo(this), arena);
    }

    /** Called by libpam. Throws nothing: that would end the process. */
    int answer(int count, MemorySegment messages, MemorySegment answers, MemorySegment data) {
        try {
            return answerAll(count, messages, answers);
        } catch (Throwable failure) {
            LOG.warn("PAM service {}: the conversation failed: {}", service, failure.toString());
            return PAM_CONV_ERR;
        }
    }

    @SuppressWarnings("restricted") // libpam says how much there is
    private int answerAll(int count, MemorySegment messages, MemorySegment answers) {
        if (count <= 0 || count > MAX_MESSAGES) {
            return PAM_CONV_ERR;
        }
        MemorySegment pointers = messages.reinterpret(count * ADDRESS.byteSize());
        int[] styles = new int[count];
        for (int i = 0; i < count; i++) {
            MemorySegment message =
                    pointers.getAtIndex(ADDRESS, i).reinterpret(PamLibrary.MESSAGE.byteSize());
            styles[i] = message.get(JAVA_INT, 0);
            MemorySegment text = message.get(ADDRESS, PamLibrary.MESSAGE_TEXT);
            if (!hear(styles[i], text)) {
                return PAM_CONV_ERR; // before anything is allocated
            }
        }
        long size = PamLibrary.RESPONSE.byteSize();
        MemorySegment all = PamLibrary.allocate(count * size);
        for (int i = 0; i < count; i++) {
            all.set(ADDRESS, i * size, styles[i] == PROMPT_ECHO_OFF ? copy() : empty());
        }
        answers.reinterpret(ADDRESS.byteSize()).set(ADDRESS, 0, all);
        return PAM_SUCCESS;
    }

    /** Whether it can be answered. */
    private boolean hear(int style, MemorySegment text) {
        return switch (style) {
            case PROMPT_ECHO_OFF -> true;
            case ERROR_MSG, TEXT_INFO -> {
                LOG.debug("PAM service {} says: {}", service, PamLibrary.text(text));
                yield true;
            }
            default -> {
                LOG.warn(
                        "PAM service {} asks for more than a password, which nobody can answer: {}",
                        service,
                        PamLibrary.text(text));
                yield false;
            }
        };
    }

    /** The password; libpam, or the module, overwrites and frees it. */
    private MemorySegment copy() {
        byte[] bytes = password.toByteArray();
        MemorySegment copy = PamLibrary.allocate(bytes.length + 1L);
        MemorySegment.copy(bytes, 0, copy, JAVA_BYTE, 0, bytes.length);
        Arrays.fill(bytes, (byte) 0);
        return copy;
    }

    private static MemorySegment empty() {
        return PamLibrary.allocate(1);
    }
}
