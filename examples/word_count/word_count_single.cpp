// The same count as word_count in one process, without Bulkhead: what it is compared with.

#include "options.hpp"
#include "outcome.hpp"
#include "piece_reader.hpp"
#include "report.hpp"
#include "tree_walk.hpp"

#include <chrono>
#include <fstream>

using namespace word_count;

namespace {

outcome count_tree(const std::vector<std::string>& paths) {
  outcome sum;
  piece_reader reader;
  tree_walk walk(paths);
  while (const auto file = walk.next()) {
    for (const piece& part : pieces_of(*file)) {
      if (const auto unreadable = reader.count(part, sum.words)) {
        sum.unreadable.emplace(part.path, unreadable.message());
        continue;
      }
      sum.bytes += part.length;
      if (part.offset == 0) ++sum.files;
    }
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto start = std::chrono::steady_clock::now();
  int status = 0;
  const auto chosen = read_options(argc, argv, program::single, status);
  if (!chosen) return status;
  std::ofstream output;
  if (!open_output(chosen->output, output)) return 2;

  const outcome sum = count_tree(chosen->paths);
  const bool written = write_words(sum.words, output);
  print_top(sum.words, chosen->top);
  print_files(sum);
  print_elapsed(sum, std::chrono::steady_clock::now() - start);
  return written ? 0 : 1;
}
