package io.pgdoorman.drivers;

import org.jooq.Identity;
import org.jooq.TableField;
import org.jooq.UniqueKey;
import org.jooq.impl.DSL;
import org.jooq.impl.Internal;
import org.jooq.impl.SQLDataType;
import org.jooq.impl.TableImpl;
import org.jooq.impl.UpdatableRecordImpl;

/** The table of events as jOOQ's generator would describe it. */
final class EventTable extends TableImpl<EventTable.Event> {
    static final EventTable EVENT = new EventTable();
    private static final long serialVersionUID = 1L;

    final TableField<Event, Long> id =
            createField(
                    DSL.name("id"),
                    SQLDataType.BIGINT.notNull().generatedByDefaultAsIdentity(),
                    this);
    final TableField<Event, Integer> client =
            createField(DSL.name("client"), SQLDataType.INTEGER.notNull(), this);
    final TableField<Event, Integer> round =
            createField(DSL.name("round"), SQLDataType.INTEGER.notNull(), this);
    final TableField<Event, String> name =
            createField(DSL.name("name"), SQLDataType.CLOB.notNull(), this);

    private EventTable() {
        super(DSL.name("event"));
    }

    @Override
    public Class<Event> getRecordType() {
        return Event.class;
    }

    @Override
    public Identity<Event, Long> getIdentity() {
        return Internal.createIdentity(this, id);
    }

    @Override
    public UniqueKey<Event> getPrimaryKey() {
        return Internal.createUniqueKey(this, DSL.name("event_pkey"), id);
    }

    /** One event. */
    static final class Event extends UpdatableRecordImpl<Event> {
        private static final long serialVersionUID = 1L;

        Event() {
            super(EVENT);
        }
    }
}
