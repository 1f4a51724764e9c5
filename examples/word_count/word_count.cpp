// Counts the words of a tree of files exactly, although the processes that do it are being killed.
//
//   lister --jobs--> workers --results--> reducer, an actor in this process
//
// Lister and workers are supervised children. A queue keeps what a dead process had taken and not
// handed on, and a worker hands a piece's words on in one step with settling the piece. So this
// file has no word about crashes: it only wires.

#include "killer.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "reducer.hpp"
#include "report.hpp"
#include "run_report.hpp"
#include "stages.hpp"

#include <bulkhead/actors/from_queue.hpp>
#include <bulkhead/actors/system.hpp>
#include <bulkhead/bulkhead.hpp>
#include <caf/scoped_actor.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <optional>
#include <variant>

using namespace word_count;
using namespace std::chrono_literals;

namespace {

// Nothing but a kill from outside ends these children, and that is never a piece's fault.
bulkhead::child_spec child(std::string name) {
  return {.name = std::move(name),
          .restart = bulkhead::restart::transient,
          .backoff = bulkhead::no_backoff};
}

bulkhead::queue_options queue_named(const char* name, std::uint32_t capacity,
                                    const options& chosen) {
  return {
      .name = name, .capacity = capacity, .max_deliveries = 0, .participants = chosen.workers + 8};
}

void count_event(const bulkhead::supervision_event& event, live_numbers& live) {
  if (std::holds_alternative<bulkhead::events::restarting>(event.what)) ++live.restarts;
  const auto* exited = std::get_if<bulkhead::events::exited>(&event.what);
  if (exited != nullptr && exited->status.signal == SIGKILL) ++live.kills;
}

// Waits until no child will be restarted, and meanwhile empties the dead letters, whose number is
// bounded.
dead_pieces join_all(const std::vector<bulkhead::process>& children,
                     const bulkhead::queue<piece>& jobs) {
  dead_pieces dead;
  const auto letters = jobs.dead_letters();
  for (const auto& child : children) {
    while (!child.join_for(200ms)) collect(letters, dead);
  }
  collect(letters, dead);
  return dead;
}

// Asks the reducer for its sum, checked against what the lister sent.
std::shared_ptr<outcome> close_reducer(caf::actor_system& actors, const reducer_actor& reducer,
                                       closing all) {
  std::shared_ptr<outcome> sum;
  caf::scoped_actor self(actors);
  self->request(reducer, caf::infinite, std::move(all))
      .receive([&](std::shared_ptr<outcome>& answer) { sum = std::move(answer); },
               [&](const caf::error& error) { throw std::runtime_error(actors.render(error)); });
  return sum;
}

void run(const options& chosen, run_result& result) {
  bulkhead::runtime rt;
  const bulkhead::queue<piece> jobs(rt, queue_named("jobs", 512, chosen));
  const bulkhead::queue<bookmark> place(rt, queue_named("place", 4, chosen));
  auto result_options = queue_named("results", 64, chosen);
  result_options.payload_bytes = std::size_t{64} << 20;
  const bulkhead::queue<partial> results(rt, result_options);
  place.send({});

  bulkhead::supervisor sup(rt, {.intensity = bulkhead::unlimited});
  sup.on_event([&](const auto& event) { count_event(event, result.live); });
  std::vector<bulkhead::process> children;
  children.push_back(sup.start(child("lister"), list_tree, chosen.paths, jobs, place));
  for (std::uint32_t i = 1; i <= chosen.workers; ++i) {
    children.push_back(sup.start(child("worker-" + std::to_string(i)), count_pieces, jobs, results,
                                 chosen.poison));
  }

  bulkhead::actors::system actors(rt);
  const reducer_actor reducer = actors.caf().spawn(reduce, &result.live);
  const auto feed = bulkhead::actors::from_queue(actors, results, reducer);
  {
    const progress shown(result.live);
    std::optional<killer> storm;
    if (chosen.kill_every > 0ns) storm.emplace(children, chosen.kill_every, result.live);
    result.dead = join_all(children, jobs);
  }
  results.close();
  feed.join();
  result.sum = close_reducer(actors.caf(), reducer, {place.receive().pieces, ids_of(result.dead)});
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  const auto start = std::chrono::steady_clock::now();
  int status = 0;
  const auto chosen = read_options(argc, argv, program::processes, status);
  if (!chosen) return status;
  std::ofstream output;
  if (!open_output(chosen->output, output)) return 2;
  try {
    run_result result;
    run(*chosen, result);
    const bool written = write_words(result.sum->words, output);
    print_top(result.sum->words, chosen->top);
    print_run(result, std::chrono::steady_clock::now() - start);
    return written ? exit_status_of(result) : 1;
  } catch (const std::exception& e) {
    std::cerr << "word_count: " << e.what() << '\n';
    return 1;
  }
}

// word_count --kill-every 20ms --top 2 /usr/include     prints something like
//
//        count  word
//       798266  typename
//       540103  const
//
// files read             23904
// unreadable                 0
// pieces                 23913
// kills                    310
// restarts                 310
// redeliveries             229
// dead letters               0
// lost                       0
// double                     0
// elapsed                 1.90 s   (266.1 MB, 140.1 MB/s)
