package io.prometheus.standin;

/** A class in the Prometheus library's name space, for the rule that bans it outside metrics. */
public record PrometheusStandIn(int code) {}
