/**
 * What can be told afterwards: how each connection went and why it ended, and what changed meanwhile. Written by the
 * data plane and the control plane without waiting; read by the access log, the API and observers.
 */
@NullMarked
package io.ambassador.explain;

import org.jspecify.annotations.NullMarked;
