/** How quickly the packaged sidecar starts, and how much memory it keeps. */
package io.ambassador.footprint;
