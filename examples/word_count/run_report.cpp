#include "run_report.hpp"

#include "report.hpp"

#include <cstdio>
#include <map>
#include <string>

namespace word_count {

namespace {

// "signal 11 (SIGSEGV) x5", or several such.
std::string reasons_of(const bulkhead::dead_letter<piece>& letter) {
  std::map<std::string, int> times;
  for (const auto& status : letter.reasons) ++times[status.report()];
  std::string text;
  for (const auto& [reason, count] : times) {
    text += (text.empty() ? "" : ", ") + reason + " x" + std::to_string(count);
  }
  return text;
}

void print_dead(const dead_pieces& dead) {
  print_number("dead letters", dead.size());
  for (const auto& letter : dead) {
    std::printf("  %s, bytes %llu to %llu: %s\n", printable(letter.value.path).c_str(),
                static_cast<unsigned long long>(letter.value.offset),
                static_cast<unsigned long long>(letter.value.offset + letter.value.length),
                reasons_of(letter).c_str());
  }
}

std::uint64_t redeliveries_of(const dead_pieces& dead) {
  std::uint64_t redeliveries = 0;
  for (const auto& letter : dead) {
    if (letter.attempts > 1) redeliveries += letter.attempts - 1;
  }
  return redeliveries;
}

}  // namespace

void collect(const bulkhead::queue<bulkhead::dead_letter<piece>>& letters, dead_pieces& dead) {
  while (auto letter = letters.try_receive()) dead.push_back(std::move(*letter));
}

std::vector<bulkhead::message_id> ids_of(const dead_pieces& dead) {
  std::vector<bulkhead::message_id> ids;
  for (const auto& letter : dead) ids.push_back(letter.id);
  return ids;
}

void print_run(const run_result& result, std::chrono::nanoseconds elapsed) {
  print_files(*result.sum);
  print_number("pieces", result.sum->pieces);
  print_number("kills", result.live.kills);
  print_number("restarts", result.live.restarts);
  print_number("redeliveries", result.sum->redeliveries + redeliveries_of(result.dead));
  print_dead(result.dead);
  print_number("lost", result.sum->lost);
  print_number("double", result.sum->counted_twice);
  print_elapsed(*result.sum, elapsed);
}

int exit_status_of(const run_result& result) {
  if (result.sum->lost != 0 || result.sum->counted_twice != 0) return 1;
  return result.dead.empty() ? 0 : 3;
}

}  // namespace word_count
