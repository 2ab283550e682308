package io.ambassador.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** The last so many of something: a new one takes the place of the oldest. Thread-safe; nobody waits for anybody. */
final class Ring<T> {
    private final AtomicReferenceArray<@Nullable T> places;
    private final AtomicLong added = new AtomicLong();

    Ring(int most) {
        places = new AtomicReferenceArray<>(most);
    }

    /** @param make given a number that counts from 1 */
    T add(LongFunction<T> make) {
        long number = added.incrementAndGet();
        T made = make.apply(number);
        places.setRelease(place(number), made);
        return made;
    }

    /** Oldest first. One that is being added may be missing, and with it one that it takes the place of. */
    List<T> all() {
        long last = added.get();
        List<T> found = new ArrayList<>();
        for (long number = Math.max(1, last - places.length() + 1); number <= last; number++) {
            T each = places.getAcquire(place(number));
            if (each != null) {
                found.add(each);
            }
        }
        return found;
    }

    private int place(long number) {
        return (int) ((number - 1) % places.length());
    }
}
