package io.pgdoorman.admin;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.WireStrings;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Values in PostgreSQL's text and binary formats. Threads: no state. */
final class Values {
    private static final BigInteger BASE = BigInteger.valueOf(10_000);
    private static final long TEN = 10;
    private static final int DIGITS = 4;
    private static final int NEGATIVE = 0x4000;

    private Values() {}

    /** Writes the value without its length. Borrows {@code out}. */
    static void write(ByteBuf out, Object value, Column.Type type, FormatCode format) {
        if (format == FormatCode.TEXT || type == Column.Type.TEXT) {
            text(out, value);
        } else if (type == Column.Type.INT4) {
            out.writeInt(Integer.parseInt(value.toString()));
        } else {
            numeric(new BigDecimal(value.toString()), out);
        }
    }

    private static void text(ByteBuf out, Object value) {
        if (value instanceof Integer || value instanceof Long) {
            long number = ((Number) value).longValue();
            if (number >= 0) {
                decimal(out, number);
                return;
            }
        }
        out.writeBytes(WireStrings.toBytes(value.toString()));
    }

    /** There are many of them: without a string for each. */
    private static void decimal(ByteBuf out, long number) {
        int digits = 1;
        for (long rest = number / TEN; rest > 0; rest /= TEN) {
            digits++;
        }
        int at = out.writerIndex();
        out.writeZero(digits);
        long rest = number;
        for (int i = at + digits - 1; i >= at; i--) {
            out.setByte(i, (int) ('0' + rest % TEN));
            rest /= TEN;
        }
    }

    /** Number of digits to the base of 10 000, weight of the first, sign, scale, the digits. */
    private static void numeric(BigDecimal value, ByteBuf out) {
        int scale = Math.max(0, value.scale());
        int groups = (scale + DIGITS - 1) / DIGITS;
        BigInteger rest = value.abs().movePointRight(groups * DIGITS).toBigInteger();
        List<Integer> digits = new ArrayList<>();
        while (rest.signum() > 0) {
            BigInteger[] parts = rest.divideAndRemainder(BASE);
            digits.addFirst(parts[1].intValue());
            rest = parts[0];
        }
        int weight = digits.size() - groups - 1;
        while (!digits.isEmpty() && digits.getLast() == 0) {
            digits.removeLast();
        }
        out.writeShort(digits.size());
        out.writeShort(digits.isEmpty() ? 0 : weight);
        out.writeShort(value.signum() < 0 ? NEGATIVE : 0);
        out.writeShort(scale);
        digits.forEach(out::writeShort);
    }
}
