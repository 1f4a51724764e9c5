#include "stages.hpp"

#include <bulkhead/queue.hpp>
#include <cstdint>
#include <utility>

namespace word_count {

namespace {

// Walking a large tree again from its start after each kill might never come to an end, so now and
// then the lister writes down where it is.
constexpr std::uint64_t files_between_bookmarks = 64;

// Replaces the bookmark by a newer one in one step: a kill leaves the old one or the new one.
void move_bookmark(bulkhead::delivery<bookmark>& held, const bulkhead::queue<bookmark>& place,
                   const bookmark& now) {
  held.forward(place, now);
  held = place.take();
}

}  // namespace

void list_tree(const std::vector<std::string>& roots, bulkhead::queue<piece> jobs,
               bulkhead::queue<bookmark> place) {
  bulkhead::delivery<bookmark> mark = place.take();
  tree_walk walk(roots, mark->at);
  std::uint64_t listed = mark->pieces;
  // What earlier incarnations have sent. The same tree gives the same pieces, so they are skipped.
  const std::uint64_t sent = jobs.sent();
  for (std::uint64_t files = 1; auto file = walk.next(); ++files) {
    for (const piece& part : pieces_of(*file)) {
      if (listed++ >= sent) jobs.send(part);
    }
    if (files % files_between_bookmarks == 0) {
      move_bookmark(mark, place, {listed, walk.position()});
    }
  }
  move_bookmark(mark, place, {listed, walk.position()});
  jobs.close();
  // Here the bookmark is given back unread: a lister that is killed before it has returned finds
  // it.
}

}  // namespace word_count
