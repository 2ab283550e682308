/** The image, on a real Docker Engine. */
package io.ambassador.image;
