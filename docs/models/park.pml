// Parking: the two-level bitmap, election of one sleeper by one waker, the membarrier against the senders' store buffers, a sleeper
// that leaves, threads that share a seat, and a death at any step. Messages are words that somebody takes. README.md says more.
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef LEAVER
#define LEAVER 0            // n: waiter n - 1 may be asked to stop, and then leaves without a look
#endif
#ifndef SHARED
#define SHARED 0            // 1: waiters 0 and 1 are threads of one process
#endif
#ifndef APART
#define APART 1             // 1: the last waiter's bit is in a word of its own
#endif
#ifndef WAITERS
#define WAITERS 3
#endif
#ifndef SENDERS
#define SENDERS 2           // a message each
#endif
#define MEMBERS (WAITERS + SENDERS)   // waiters, then senders; a seat is its lowest waiter's number
#define SEAT(t) ((SHARED && (t) == 1) -> 0 : (t))
#define GROUP(seat) ((APART && (seat) == WAITERS - 1) -> 1 : 0)
#define BIT(n) (1 << (n))
#define NONE 0
#define WAITS 1
#define TAKEN 2             // + who: by waiter who

byte message[SENDERS];
bool pending[SENDERS];      // published, and still in the sender's store buffer
byte summary, words[2];
byte fresh;                 // bit t: thread t's park word is as t read it; all that its value is compared for
byte asleep;                // bit t: thread t sleeps in futex_wait on its seat's park word
byte sleepers[WAITERS];     // of a seat; under its process's mutex
bool locked[WAITERS];
byte gone;                  // bit t: waiter t left for good
byte dead[MEMBERS], deaths;
#define ALL_TAKEN (message[0] >= TAKEN && message[SENDERS - 1] >= TAKEN)    // nothing of interest comes after

#define THREADS(seat) (BIT(seat) | ((SHARED && (seat) == 0) -> 2 : 0))
inline ring(seat) {   // park_word += 1, futex_wake
  fresh = fresh & ~THREADS(seat);                    // park word += 1
  atomic { asleep = asleep & ~THREADS(seat) }        // futex_wake: all threads of the word
}
// parked_set::clear, an access a step. Needs the locals step, rivals, r. `was_set` says whether the bit was there.
inline clear(seat, was_set) {
  do
  :: atomic { step == 0 ->
       was_set = (words[GROUP(seat)] & BIT(seat)) != 0;
       words[GROUP(seat)] = words[GROUP(seat)] & ~BIT(seat);
       if
       :: was_set && words[GROUP(seat)] == 0 -> step = 1
       :: else -> break
       fi }
  :: atomic { step == 1 -> summary = summary & ~BIT(GROUP(seat)); step = 2 }
  :: atomic { step == 2 -> rivals = words[GROUP(seat)];
       if
#ifndef NO_RIVALS
       :: rivals -> step = 3
#endif
       :: else -> rivals = 0; step = 0; break
       fi }
  :: atomic { step == 3 -> summary = summary | BIT(GROUP(seat)); step = 4 }
  :: atomic { step == 4 -> r = ((rivals & 1) -> 0 : ((rivals & 2) -> 1 : 2)); fresh = fresh & ~THREADS(r); step = 5 }
  :: atomic { step == 5 -> asleep = asleep & ~THREADS(r); rivals = rivals & ~BIT(r); r = 0;
#ifdef RING_LOWEST
       rivals = 0;
#endif
       if
       :: rivals -> step = 4
       :: else -> step = 0; break
       fi }
  od
}
// Needs the locals left, who, cleared beside. `who` is a seat + 1.
inline wake_one() {
  left = summary;
  do
  :: atomic { left && !who -> who = words[((left & 1) -> 0 : 1)];
       left = (who -> left : left & (left - 1));
       who = (who -> ((who & 1) -> 1 : ((who & 2) -> 2 : 3)) : 0) }
  :: who -> clear(who - 1, cleared);
     if
     :: atomic { cleared -> fresh = fresh & ~THREADS(who - 1) };
        atomic { asleep = asleep & ~THREADS(who - 1); left = 0; who = 0; cleared = false; break }
     :: atomic { !cleared -> who = 0 }
     fi
  :: atomic { !left && !who -> break }
  od
}

proctype memory() {
end_idle:
  do
  :: atomic { pending[0] -> pending[0] = false; message[0] = WAITS }
#if SENDERS > 1
  :: atomic { pending[1] -> pending[1] = false; message[1] = WAITS }
#endif
  od
}

proctype sender(byte me) {
  byte step, rivals, r, left, who;
  bool cleared;
  {
    pending[me] = true;                              // S3
    if                                               // S5
    :: summary == 0
    :: summary != 0 ->
       !pending[me];                                  // the processor's swaps wait for its stores
       wake_one()
    fi;
end_idle: false
  } unless { atomic { dead[WAITERS + me] == 1 || ALL_TAKEN -> step = 0; rivals = 0; r = 0; left = 0; who = 0; cleared = false;
                      dead[WAITERS + me] = 2 } };
end_gone: false
}

// A look: the oldest message that waits, one load or swap a step.
inline look() {
  do
  :: atomic { LEAVER == me + 1 && n == 0 -> late = true; break }
  :: atomic { message[n] == WAITS -> message[n] = TAKEN + me; took = true; n = 0; break }
  :: atomic { message[n] != WAITS -> n++;
       if
       :: n == SENDERS -> n = 0; break
       :: else
       fi }
  od
}
// waiting_room::announce and withdraw. Only threads that share a seat need the mutex.
#if SHARED
#define LOCK(t) !locked[SEAT(t)] -> locked[SEAT(t)] = true
#define UNLOCK(t) locked[SEAT(t)] = false
#else
#define LOCK(t) true
#define UNLOCK(t) skip
#endif
inline announce() {
  atomic { LOCK(me); sleepers[SEAT(me)]++; words[GROUP(SEAT(me))] = words[GROUP(SEAT(me))] | BIT(SEAT(me)) };
  atomic { summary = summary | BIT(GROUP(SEAT(me))); UNLOCK(me) }
}
inline withdraw() {
  atomic { LOCK(me); sleepers[SEAT(me)]-- };
#ifndef SHARED_BIT
  if
  :: atomic { sleepers[SEAT(me)] > 0 -> untouched = true }
  :: sleepers[SEAT(me)] == 0 -> clear(SEAT(me), untouched)
  fi;
#else
  clear(SEAT(me), untouched);
#endif
  UNLOCK(me)
}

proctype waiter(byte me) {
  byte step, rivals, r, left, who, n, need;
  bool cleared, took, untouched, late;
  {
    do                                               // waiting_room::sleep
    :: fresh = fresh | BIT(me);                      // reads the park word
       announce();
#ifndef NO_BARRIER
       atomic { need = pending[0] | (pending[SENDERS - 1] << 1);
         do
         :: (need & 1) && !pending[0] -> need = need - 1
         :: (need & 2) && !pending[SENDERS - 1] -> need = need - 2
         :: need == 0 -> break
         od };
#endif
       look();
       if
       :: took || late ->
          withdraw();
          if
#ifdef TAKE_KEEPS_WAKE
          :: untouched || took
          :: !untouched && !took -> wake_one()
#else
          :: untouched
          :: !untouched -> wake_one()
#endif
          fi;
          break
       :: atomic { !took && !late -> asleep = asleep | (fresh & BIT(me)) }                // futex_wait
       fi;
       if
       :: !(asleep & BIT(me))
       :: atomic { LEAVER == me + 1 -> asleep = asleep & ~BIT(me) }
       fi;
       withdraw();
       look();
       if
       :: took -> break
       :: !took && late ->
          if
#ifdef LATE_KEEPS_WAKE
          :: skip
#else
          :: untouched
          :: !untouched -> wake_one()
#endif
          fi;
          break
       :: atomic { !took && !late -> untouched = false }
       fi
    od;
    atomic { gone = gone | BIT(me); took = false; untouched = false; late = false; fresh = fresh & ~BIT(me);
             asleep = asleep & ~BIT(me) };
end_idle: false
  } unless { atomic { dead[me] == 1 || ALL_TAKEN -> step = 0; rivals = 0; r = 0; left = 0; who = 0; n = 0; need = 0;
                      cleared = false; took = false; untouched = false; late = false;
                      asleep = asleep & ~BIT(me); fresh = fresh & ~BIT(me); dead[me] = 2 } };
end_gone: false
}

#if DEATHS > 0
proctype keeper() {
  byte step, rivals, r, seat, victim;
  bool cleared;
end_idle:
  do
  :: atomic { deaths < DEATHS && !ALL_TAKEN -> deaths++; select(victim : 0 .. MEMBERS - 1);
       if
       :: victim < WAITERS && !(gone & BIT(victim)) -> dead[victim] = 1; goto recover
       :: victim >= WAITERS && message[victim - WAITERS] + pending[victim - WAITERS] > 0 -> dead[victim] = 1; goto recover
       :: else -> deaths--; victim = 0; goto end_idle     // nothing of it is left to see
       fi };
recover:
     dead[victim] == 2;
     atomic {                                        // R2
       if
       :: victim < WAITERS && message[0] == TAKEN + victim -> message[0] = WAITS
       :: victim < WAITERS && message[SENDERS - 1] == TAKEN + victim -> message[SENDERS - 1] = WAITS
       :: else
       fi };
     if
     :: victim < WAITERS -> clear(victim, cleared)   // R5
     :: else
     fi;
#ifndef NO_DEATH_WAKE
     do                                              // R6
     :: seat < WAITERS -> clear(seat, cleared); ring(seat); seat++
     :: else -> break
     od;
#endif
     atomic { seat = 0; victim = 0; cleared = false }
  od
}
#endif

init {
  atomic {
    run memory();
    byte m;
    for (m : 0 .. SENDERS - 1) { run sender(m) }
    for (m : 0 .. WAITERS - 1) { run waiter(m) }
#if DEATHS > 0
    run keeper()
#endif
  }
}
