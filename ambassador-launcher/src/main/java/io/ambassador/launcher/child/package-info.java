/** The application that a sidecar was asked to run: started when the sidecar is ready, outlived by it. */
@NullMarked
package io.ambassador.launcher.child;

import org.jspecify.annotations.NullMarked;
