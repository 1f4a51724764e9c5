#include "piece_reader.hpp"
#include "stages.hpp"
#include "word_counts.hpp"

#include <bulkhead/errc.hpp>
#include <bulkhead/queue.hpp>
#include <filesystem>
#include <system_error>

namespace word_count {

namespace {

// Volatile, pointer and target, or the compiler sees that nobody needs this write and leaves it
// out.
void crash() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 0;
}

bool same_file(const std::string& path, const std::string& other) {
  std::error_code gone;
  return std::filesystem::equivalent(path, other, gone);
}

partial partial_of(const bulkhead::delivery<piece>& job) {
  partial result;
  result.job = job.id();
  result.attempt = job.attempt();
  result.offset = job->offset;
  result.bytes = job->length;
  return result;
}

partial counted(const bulkhead::delivery<piece>& job, const word_counts& words) {
  partial result = partial_of(job);
  result.letters = words.letters();
  result.lengths.reserve(words.entries().size());
  result.counts.reserve(words.entries().size());
  for (const auto& e : words.entries()) {
    result.lengths.push_back(static_cast<std::uint32_t>(e.length));
    result.counts.push_back(static_cast<std::uint32_t>(e.count));
  }
  return result;
}

partial not_counted(const bulkhead::delivery<piece>& job, const std::error_code& why) {
  partial result = partial_of(job);
  result.unreadable = job->path;
  result.reason = why.message();
  return result;
}

}  // namespace

void count_pieces(bulkhead::queue<piece> jobs, bulkhead::queue<partial> results,
                  const std::string& poison) {
  piece_reader reader;
  word_counts words;
  std::error_code ec;
  while (bulkhead::delivery<piece> job = jobs.take(ec)) {
    if (!poison.empty() && same_file(job->path, poison)) crash();
    words.clear();
    const std::error_code unreadable = reader.count(*job, words);
    // From here the piece is counted or not yet: forward settles it and sends its words in one
    // step.
    job.forward(results, unreadable ? not_counted(job, unreadable) : counted(job, words), ec);
    if (ec == bulkhead::errc::too_large) job.forward(results, not_counted(job, ec), ec);
    if (ec) break;
  }
  // The end of the stream, or of this process because it was asked to stop; all else is a failure.
  if (ec != bulkhead::errc::closed && ec != bulkhead::errc::stop_requested) {
    throw std::system_error(ec, "counting");
  }
}

}  // namespace word_count
