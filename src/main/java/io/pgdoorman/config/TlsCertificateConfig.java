package io.pgdoorman.config;

import java.nio.file.Path;

/**
 * A further certificate for clients, which is shown to those who ask for one of its names. Threads:
 * immutable.
 */
public record TlsCertificateConfig(Path certificate, Path privateKey) {}
