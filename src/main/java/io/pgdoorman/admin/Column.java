package io.pgdoorman.admin;

import io.pgdoorman.wire.backend.RowDescription;

/** A column of an answer. Threads: immutable. */
record Column(String name, Type type) {
    /** With PostgreSQL's object ID and size of the type. */
    enum Type {
        TEXT(25, -1),
        INT4(23, 4),
        NUMERIC(1700, -1);

        private final int oid;
        private final int size;

        Type(int oid, int size) {
            this.oid = oid;
            this.size = size;
        }
    }

    RowDescription.Field field() {
        return RowDescription.Field.of(name, type.oid, type.size);
    }
}
