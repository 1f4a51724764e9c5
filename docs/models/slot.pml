// One definition of the slots for all models. Names S1.., T1.., F2.. are the steps of docs/queue-protocol.md; each step that
// touches shared memory is one d_step or atomic with one access to it, beside local work and the observer's books.
// A model sets LANES, SLOTS, CAPACITY, MESSAGES and RECEIVERS (a mask of seats) first.

// Word: lap | deliveries 3 bits | owner 3 | state 3. The deliveries of a free word are its tag.
#define W(lap, deliveries, owner, state) (((lap) << 9) | ((deliveries) << 6) | ((owner) << 3) | (state))
#define STATE(w) ((w) & 7)
#define OWNER(w) (((w) >> 3) & 7)
#define DELIVERIES(w) (((w) >> 6) & 7)
#define LAP(w) ((w) >> 9)
#define FREE 0
#define READY 1
#define LEASED 2
#define PINNED 3
#define BURYING 4
#define POISON 5
#define RESERVED 1
#define WITHDRAWN 2
#define IS_HELD(w, seat) ((STATE(w) == LEASED || STATE(w) == PINNED) && OWNER(w) == (seat))

// A position is lap * SLOTS + index, which orders as lap << 24 | index does.
#define LAP_OF(p) ((p) / SLOTS)
#define AT(l, p) ((l) * SLOTS + (p) % SLOTS)
#define POSITION(w, index) (LAP(w) * SLOTS + (index))

short word[LANES * SLOTS];  // zeroed memory is a formatted lane
byte body[LANES * SLOTS];   // meta and payload: the number of the message, standing for any byte of it
byte passed[LANES];
byte version[LANES];
byte bells;                 // bit s: seat s was woken since it began its look (model park shows that this can be had)
byte dead[SEATS];           // 0 alive, DYING: makes no more steps, GONE: it noticed
#define DYING 1
#define GONE 2
#define BELL(seat) ((bells >> (seat)) & 1)
#define RING(mask) bells = bells | (mask)
#define HUSH(seat) bells = bells & ~(1 << (seat))

// The observer's books: never read by the protocol.
byte truth[LANES * SLOTS];    // which message was published, or is to be, in the slot
byte took[MESSAGES + 1];      // how often it was taken; 0 again when it is settled
short out_mask;               // bit m: message m was published
short settled;                // bit m: message m was acknowledged or buried
byte newest_first[LANES];     // position + 1 of the newest first delivery
#define BIT(m) (1 << (m))

inline note_publish(s) {
  assert(!(out_mask & BIT(truth[s])));  // published twice
  out_mask = out_mask | BIT(truth[s])
}
inline note_take(l, s, w) {
  assert(!(settled & BIT(truth[s])));                  // delivered after it was settled
  assert(DELIVERIES(w) == took[truth[s]]);             // every repetition is marked
  if
  :: DELIVERIES(w) == 0 ->
     assert(POSITION(w, (s) % SLOTS) >= newest_first[l]);  // first in, first out
     newest_first[l] = POSITION(w, (s) % SLOTS) + 1
  :: else
  fi;
  took[truth[s]] = took[truth[s]] + 1
}
inline note_settled(s) {
  settled = settled | BIT(truth[s]);
  took[truth[s]] = 0
}

#if SLOTS == 2
#define OCCUPIED(l) ((STATE(word[AT(l, 0)]) != FREE) + (STATE(word[AT(l, 1)]) != FREE))
#elif SLOTS == 3
#define OCCUPIED(l) ((STATE(word[AT(l, 0)]) != FREE) + (STATE(word[AT(l, 1)]) != FREE) + (STATE(word[AT(l, 2)]) != FREE))
#else
#define OCCUPIED(l) ((STATE(word[AT(l, 0)]) != FREE) + (STATE(word[AT(l, 1)]) != FREE) + \
                     (STATE(word[AT(l, 2)]) != FREE) + (STATE(word[AT(l, 3)]) != FREE))
#endif

// find_newest: `end` := the position after the newest published one. One step, though the program reads slot by slot: takers
// do not change what a word says of its newest publication, and the lane's producer is the caller, or dead.
inline find_newest(l, end) {
  end = 0;
  for (i : 0 .. SLOTS - 1) {
    w = word[AT(l, i)];
    if
    :: w == 0 || (STATE(w) == FREE && DELIVERIES(w) == RESERVED)
    :: else ->
       p = POSITION(w, i) + 1 - (STATE(w) == FREE -> SLOTS : 0);
       end = (p > end -> p : end)
    fi
  }
  w = 0; i = 0; p = 0
}

// producer::free_place_from. What was FREE stays so until the producer publishes.
inline S1_find_place(l, next, say_passed) {
  do
  :: STATE(word[AT(l, next)]) == FREE -> break
  :: atomic { STATE(word[AT(l, next)]) != FREE -> next++ };
     passed[l] = (say_passed -> next : passed[l])
  od
}
// producer::say_sequence: `passed` moves along once a lap.
inline S2_say_passed(l, next, hinted) {
  if
  :: d_step { LAP_OF(next) + 1 != hinted -> passed[l] = next; hinted = LAP_OF(next) + 1 }
  :: atomic { else }
  fi
}

// consumer::take_from for lane l: at, seen, placed are its cursor. Ends with `got`; then slot `held` with word `mine` is ours.
// Needs the locals at[], seen[], placed (a mask), w, v, i, p, first, got, held, mine. Each atomic has one load, or the swap.
inline take_from(l) {
  atomic { v = version[l];                                               // T1
    if
    :: v == seen[l] && (placed & BIT(l)) -> goto T2
    :: v != seen[l] && (placed & BIT(l)) -> first = at[l]; goto scan
    :: !(placed & BIT(l)) -> skip
    fi };
  atomic { placed = placed | BIT(l); seen[l] = v;      // find_settled: the sender has said nothing yet, or that its oldest
    if                                                 // unsettled message stands there; what it said between lies between
    :: at[l] = 0
    :: for (i : 0 .. SLOTS - 1) {
         w = word[AT(l, i)];
         first = ((STATE(w) != FREE && (first == 0 || POSITION(w, i) + 1 < first)) -> POSITION(w, i) + 1 : first)
       }
#ifdef SETTLED_LATE
       at[l] = first
#else
       at[l] = (first > 0 -> first - 1 : 0)
#endif
    fi;
    w = 0; i = 0; first = 0; goto T2 };
scan:                                                                    // first_ready, limit in `first`
  do
  :: atomic { w = word[AT(l, i)];
       first = ((STATE(w) == READY && POSITION(w, i) < first) -> POSITION(w, i) : first);
       w = 0; i++;
       if
       :: i == SLOTS -> at[l] = (first > p -> first : p); seen[l] = v; i = 0; first = 0; p = 0; break
       :: else
       fi }
  od;
T2:
  atomic { w = word[AT(l, at[l])];
    if
    :: STATE(w) == READY && LAP(w) <= LAP_OF(at[l])                      // goes on to T3
    :: LAP(w) > LAP_OF(at[l]) || (LAP(w) == LAP_OF(at[l]) && STATE(w) != FREE && STATE(w) != READY) ->
       first = LAP(w) - (STATE(w) == FREE);                              // advance
       first = (first > LAP_OF(at[l]) + 1 -> (first - 1) * SLOTS + at[l] % SLOTS + 1 : 0);
       w = 0;
       at[l]++;
       if
       :: first > at[l] ->
#ifdef CURSOR_JUMP
          at[l] = first; first = 0; goto T2
#else
          p = at[l]; goto scan
#endif
       :: else -> first = 0; goto T2
       fi
    :: else -> goto unpublished
    fi };
  atomic {                                                               // T3
    if
    :: word[AT(l, at[l])] == w ->
       held = AT(l, at[l]);
       note_take(l, held, w);
       mine = W(LAP(w), DELIVERIES(w) + 1, me, LEASED);
       word[held] = mine;
       at[l] = (LAP(w) == LAP_OF(at[l]) -> at[l] + 1 : at[l]);
       got = true; w = 0; v = 0; goto taken
    :: else -> w = 0; goto T2
    fi };
unpublished:
  atomic {
    if
    :: at[l] >= passed[l] -> w = 0; v = 0; goto taken                    // nothing here
    :: else
    fi };
  atomic {                                                               // the second look
#ifndef NO_SECOND_LOOK
    if
    :: word[AT(l, at[l])] == w -> at[l]++
    :: else
    fi;
#else
    at[l]++;
#endif
    w = 0; goto T2 };
taken:
  skip
}

// Only the owner of a leased word changes it, so plain stores do.
inline acknowledge(s, my_word) {
  d_step { assert(word[s] == my_word); word[s] = W(LAP(my_word) + 1, 0, 0, FREE); note_settled(s); my_word = 0 }
}
inline release_word(s, my_word) {
  assert(word[s] == my_word); word[s] = W(LAP(my_word), DELIVERIES(my_word), 0, READY); my_word = 0
}
inline release_version(l) {
#ifndef NO_VERSION_BUMP
  version[l]++
#else
  skip
#endif
}

// R4, mend_lane. One step: the lane's producer is dead.
inline R4_mend_lane(l) {
  d_step {
    find_newest(l, first);
    if
    :: first > 0 && passed[l] < first - 1 -> passed[l] = first - 1
    :: else
    fi;
    first = 0
  }
}
