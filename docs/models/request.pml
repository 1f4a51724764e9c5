// Requests to an actor in a process that is started again: each has exactly one end. README.md says what is checked.
#ifndef REQUESTS
#define REQUESTS 3
#endif
#ifndef LARGE
#define LARGE 1      // the one that goes in two pieces; REQUESTS: none does
#endif
#ifndef DEATHS
#define DEATHS 2     // of the actor's process, at any step
#endif
#define WAIT 0       // during_restart
#define FAIL 1
#define RETRY 2
#ifndef MODE
#define MODE WAIT
#endif
#define FRAMES 24
#define FIRST 1      // kinds of frames
#define LAST 2
#define WHOLE 3
#define WATCH 4      // `what` is then a number of deaths
#define ALIVE 0
#define DYING 1
#define DEAD 2
#define IS_LARGE(n) (n == LARGE)

byte what[FRAMES], kind[FRAMES], tail, head;      // the lane to the actor: whole frames, in order
byte reply[FRAMES], reply_tail, reply_head;       // and back; + REQUESTS: it was refused, and not run
bool open = true;                                 // as the keeper says: false is awaited
bool is_at_it;                                    // the keeper, with a restart: it answers nobody
byte life_state = ALIVE;                          // of the actor's process
byte restarts, marks[DEATHS + 1], heads[DEATHS + 1];

bool is_open[REQUESTS];                           // the asker's table
byte place[REQUESTS];                             // the tail that published it, or its first piece; 0: none
byte first[REQUESTS];                             // of pieces: the tail that published the first
bool lost[REQUESTS];                              // a dead process had that, and the rest was not all sent
byte ends[REQUESTS], told;                        // how often its asker was told its end
byte seen, settled;                               // restarts that were read about; deaths whose requests are settled
bool backlog[REQUESTS];                           // to be sent again

byte ran[REQUESTS], taken_by[REQUESTS];           // what is true: handlers run; which life took (some of) it, from 1
bool replied[REQUESTS], failed[REQUESTS];

inline put(number, how) { what[tail] = number; kind[tail] = how; tail++ }
inline end(number) {
  is_open[number] = false;
  ends[number]++;
  told++;
  assert(ends[number] == 1)
}

// call_client_state::settle_death. `up_to`: the dead one's head.
inline settle(up_to) {
  for (i : 0 .. REQUESTS - 1) {
    if
    :: is_open[i] && place[i] > 0 && (MODE == FAIL || place[i] <= up_to) ->
       assert(!replied[i]);                                      // no reply is lost
       assert(MODE == FAIL || taken_by[i] == settled + 1 || lost[i]);   // it was the dead one's
       if
       :: MODE == RETRY && !IS_LARGE(i) -> place[i] = 0; backlog[i] = true
       :: else -> failed[i] = true; end(i)
       fi
#ifndef PIECES_FORGOTTEN
    :: is_open[i] && place[i] == 0 && first[i] > 0 && first[i] <= up_to -> lost[i] = true
#endif
    :: else
    fi
  }
  i = 0;
  settled++
}

// Sends requests, takes replies in, settles deaths: in any order.
proctype asker() {
  byte next, begun, i, deaths, at;
  bool is_sending, has_first, is_confirming, is_watching = (MODE != FAIL);
  do
  :: told == REQUESTS -> break

  // A small request: the table and its place first, then the frame.
  :: atomic { next < REQUESTS && !IS_LARGE(next) && !is_sending ->
       is_open[next] = true; place[next] = tail + 1; is_sending = true };
     atomic { put(next, WHOLE); is_sending = false; next++ }

  // A large one, piece by piece; begun anew where the peer that had the first is no more.
  :: atomic { next < REQUESTS && IS_LARGE(next) && !has_first && !is_confirming ->
       is_open[next] = true; begun = restarts; first[next] = tail + 1; has_first = true; put(next, FIRST) }
  :: has_first ->
     if
     :: atomic { restarts != begun -> first[next] = 0; lost[next] = false; has_first = false;
          if
          :: MODE == FAIL -> failed[next] = true; end(next); next++
          :: else
          fi }
     :: restarts == begun ->
#ifdef PLACE_OF_LAST_PIECE
        place[next] = tail + 1;
#else
        place[next] = first[next];
#endif
        atomic { put(next, LAST); has_first = false; is_confirming = true }
     fi
  :: atomic { is_confirming ->                        // send_parcel, under the table's lock
       is_confirming = false;
       if
       :: is_open[next] && lost[next] -> place[next] = 0; first[next] = 0; lost[next] = false;
          if
          :: MODE == FAIL -> failed[next] = true; end(next); next++
          :: else
          fi
       :: else -> next++
       fi }

  // flush: what is sent again, in its order.
  :: atomic { MODE == RETRY && !is_sending && !has_first && !is_confirming ->
       for (i : 0 .. REQUESTS - 1) {
         if
         :: backlog[i] -> backlog[i] = false; place[i] = tail + 1; put(i, WHOLE)
         :: else
         fi
       }
       i = 0 }

  // begin_watch: how many deaths are settled.
  :: atomic { !is_watching && !has_first && !is_sending && !is_confirming -> put(settled, WATCH); is_watching = true }

  // A reply, up to the next restart.
  :: atomic { reply_head < (restarts > seen -> marks[seen] : reply_tail) ->
       at = reply[reply_head] % REQUESTS;
       if
       :: is_open[at] -> backlog[at] = false; end(at)
       :: else
       fi;
       reply_head++; at = 0 }

  // settle_deaths: a restart that was read about, behind all replies from before.
  :: atomic { restarts > seen && reply_head == marks[seen] ->
       seen++;
       if
       :: settled < seen -> settle(heads[settled]); is_watching = (MODE != FAIL)
       :: else
       fi }

  // settle_waiting_death: the restart has not come yet.
  :: !open && restarts >= settled -> deaths = restarts;
#ifndef KEEPER_UNASKED
     if
     :: atomic { !is_at_it && !open && restarts == deaths }
     :: atomic { !is_at_it && (open || restarts != deaths) -> goto later }
     fi;
#endif
#ifndef SETTLE_BEFORE_REPLIES
     if
     :: reply_head < reply_tail || seen != deaths -> goto later
     :: else
     fi;
#endif
     at = head;
     atomic {
       if
#ifdef HEAD_UNCHECKED
       :: settled == deaths -> settle(at); is_watching = (MODE != FAIL)
#else
       :: settled == deaths && !open && restarts == deaths -> settle(at); is_watching = (MODE != FAIL)
#endif
       :: else
       fi
     };
later:
     atomic { at = 0; deaths = 0 }
  od
}

// lane_reader, and the actor that it runs.
proctype actor() {
  byte life, n, how, collecting;
  bool is_current;
again:
  {
    atomic { life = restarts + 1; is_current = (MODE != FAIL || restarts == 0) };
end_idle:
    do
    :: atomic { head < tail -> n = what[head]; how = kind[head] };
       if
       :: atomic { how == WATCH ->
            if :: n == life - 1 -> is_current = true :: else fi;
            head++ }
       :: atomic { how == FIRST -> collecting = n + 1; taken_by[n] = life; head++ }
       :: atomic { how == LAST && collecting != n + 1 -> head++ }                  // its first piece died with another
       :: how == WHOLE || (how == LAST && collecting == n + 1) ->
          atomic { collecting = 0; taken_by[n] = life; head++ };                   // R3
          if
#ifdef RUN_OLD
          :: true ->
#else
          :: is_current ->
#endif
             atomic { ran[n]++; assert(MODE == RETRY || ran[n] == 1); assert(!failed[n]) };
             atomic { reply[reply_tail] = n; reply_tail++; replied[n] = true }
#ifndef RUN_OLD
          :: else -> atomic { reply[reply_tail] = n + REQUESTS; reply_tail++ }
#endif
          fi
       fi
    od
  } unless { d_step { life_state == DYING -> life_state = DEAD; n = 0; how = 0; collecting = 0; is_current = false; life = 0 } };
  do
  :: life_state == ALIVE -> goto again
  :: d_step { life_state == DYING -> life_state = DEAD }                             // the next one died at birth
  od
}

proctype keeper() {
  byte deaths;
  do
  :: deaths < DEATHS -> deaths++; life_state = DYING;
     atomic { life_state == DEAD -> open = false };                                // reaped: awaited
     atomic { marks[restarts] = reply_tail; heads[restarts] = head; restarts++; is_at_it = true };
     atomic { open = true; is_at_it = false; life_state = ALIVE }
  :: break
  od
}

init { atomic { run asker(); run actor(); run keeper() } }
