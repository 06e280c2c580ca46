package io.pgdoorman.lookup;

import io.pgdoorman.config.UserParameters;

import org.jose4j.json.JsonUtil;
import org.jose4j.lang.JoseException;

import java.util.LinkedHashMap;
import java.util.Map;

/** The column {@code startup_parameters}: a JSON object of strings. Threads: no state. */
final class RowParameters {
    private RowParameters() {}

    /**
     * @throws LookupException it is something else, or PostgreSQL cannot be given it; the message
     *     contains no value
     */
    static Map<String, String> parse(String json) throws LookupException {
        if (json.isBlank()) {
            return Map.of();
        }
        Map<String, Object> object;
        try {
            object = JsonUtil.parseJson(json);
        } catch (JoseException e) {
            throw new LookupException("startup_parameters is not a JSON object");
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        for (Map.Entry<String, Object> entry : object.entrySet()) {
            if (!(entry.getValue() instanceof String value)) {
                throw new LookupException(
                        "startup_parameters: the value of '%s' is not a string"
                                .formatted(entry.getKey()));
            }
            parameters.put(entry.getKey(), value);
        }
        try {
            return UserParameters.of(parameters);
        } catch (IllegalArgumentException e) {
            throw new LookupException("startup_parameters: " + e.getMessage());
        }
    }
}
