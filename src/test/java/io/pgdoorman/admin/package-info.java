@NullUnmarked
package io.pgdoorman.admin;

import org.jspecify.annotations.NullUnmarked;
