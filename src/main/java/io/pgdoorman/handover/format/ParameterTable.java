package io.pgdoorman.handover.format;

import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ParameterSet;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The parameter sets of one message, each written once: thousands of clients share a few. Entry 0
 * is the empty set. Threads: confined to its user.
 */
public final class ParameterTable {
    private static final int NAME = 1;
    private static final int VALUE = 2;

    private final Map<ParameterSet, Integer> numbers = new HashMap<>();
    private final List<ParameterSet> sets = new ArrayList<>();

    public ParameterTable() {
        sets.add(ParameterSet.EMPTY);
        numbers.put(ParameterSet.EMPTY, 0);
    }

    public int numberOf(ParameterSet set) {
        return numbers.computeIfAbsent(
                set,
                added -> {
                    sets.add(added);
                    return sets.size() - 1;
                });
    }

    public void write(FieldWriter out, int field) {
        for (ParameterSet set : sets.subList(1, sets.size())) {
            var message = new FieldWriter();
            set.toMap()
                    .forEach(
                            (name, value) -> {
                                message.put(NAME, name);
                                message.put(VALUE, value);
                                if (value.isEmpty()) {
                                    message.put(VALUE, new FieldWriter());
                                }
                            });
            out.put(field, message);
        }
    }

    /** Reads one entry; the entries come before what refers to them. */
    public void read(FieldReader in, ParameterInterner interner) throws FormatException {
        Map<String, String> map = new LinkedHashMap<>();
        String name = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case NAME -> name = in.text();
                case VALUE -> map.put(name, in.text());
                default -> {} // of a later version
            }
        }
        sets.add(interner.intern(ParameterSet.of(map)));
    }

    public ParameterSet get(long number) throws FormatException {
        if (number < 0 || number >= sets.size()) {
            throw new FormatException("parameter set " + number + " of " + sets.size());
        }
        return sets.get((int) number);
    }
}
