package io.pgdoorman.admin;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.FormatCode;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Values in PostgreSQL's text and binary formats. Threads: no state. */
final class Values {
    private static final BigInteger BASE = BigInteger.valueOf(10_000);
    private static final int DIGITS = 4;
    private static final int NEGATIVE = 0x4000;

    private Values() {}

    static Bytes encode(String value, Column.Type type, FormatCode format) {
        if (format == FormatCode.TEXT || type == Column.Type.TEXT) {
            return Bytes.ofText(value);
        }
        ByteBuf out = Unpooled.buffer();
        if (type == Column.Type.INT4) {
            out.writeInt(Integer.parseInt(value));
        } else {
            numeric(new BigDecimal(value), out);
        }
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return Bytes.copyOf(bytes);
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
