#include "reducer.hpp"

#include <algorithm>
#include <utility>

namespace word_count {

namespace {

void add(const partial& part, reducer_state& state) {
  outcome& sum = *state.sum;
  state.jobs.push_back(part.job);
  ++sum.pieces;
  sum.redeliveries += part.attempt - 1;
  if (!part.unreadable.empty()) {
    sum.unreadable.emplace(part.unreadable, part.reason);
    return;
  }
  sum.words.add_all(part.letters, part.lengths, part.counts);
  sum.bytes += part.bytes;
  if (part.offset == 0) ++sum.files;
}

// Every piece must have come exactly once: as a partial or as a dead letter.
void audit(const closing& all, reducer_state& state) {
  auto& jobs = state.jobs;
  jobs.insert(jobs.end(), all.dead.begin(), all.dead.end());
  std::sort(jobs.begin(), jobs.end());
  const auto settled = jobs.size();
  jobs.erase(std::unique(jobs.begin(), jobs.end()), jobs.end());
  const std::uint64_t different = jobs.size();
  state.sum->lost = all.pieces > different ? all.pieces - different : 0;
  // More messages than pieces: the lister has sent some of them twice.
  const std::uint64_t sent_twice = different > all.pieces ? different - all.pieces : 0;
  state.sum->counted_twice = settled - different + sent_twice;
}

}  // namespace

reducer_actor::behavior_type reduce(reducer_actor::stateful_pointer<reducer_state> self,
                                    live_numbers* live) {
  return {
      [=](const partial& part) {
        add(part, self->state);
        live->pieces = self->state.sum->pieces;
        live->files = self->state.sum->files;
        live->bytes = self->state.sum->bytes;
      },
      [=](const closing& all) {
        audit(all, self->state);
        self->quit();
        return std::exchange(self->state.sum, nullptr);
      },
  };
}

}  // namespace word_count
