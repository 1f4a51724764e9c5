#include "report.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <vector>

namespace word_count {

namespace {

// A word in the order of the output. Its first bytes as a number decide most comparisons.
struct ranked {
  std::uint64_t count;
  std::uint64_t first_bytes;
  std::string_view word;

  friend bool operator<(const ranked& a, const ranked& b) {
    if (a.count != b.count) return a.count > b.count;
    if (a.first_bytes != b.first_bytes) return a.first_bytes < b.first_bytes;
    return a.word < b.word;
  }
};

std::uint64_t first_bytes_of(std::string_view word) {
  unsigned char bytes[8] = {};
  std::memcpy(bytes, word.data(), std::min<std::size_t>(word.size(), 8));
  std::uint64_t number = 0;
  for (const unsigned char byte : bytes) number = number << 8 | byte;
  return number;
}

std::vector<ranked> ranking_of(const word_counts& words) {
  std::vector<ranked> ranking;
  ranking.reserve(words.entries().size());
  for (const auto& e : words.entries()) {
    ranking.push_back({e.count, first_bytes_of(words.word(e)), words.word(e)});
  }
  return ranking;
}

}  // namespace

bool open_output(const std::string& path, std::ofstream& file) {
  if (path.empty()) return true;
  file.open(path, std::ios::binary | std::ios::trunc);
  if (!file)
    std::cerr << "--output: '" << path << "' cannot be written: " << std::strerror(errno) << '\n';
  return file.is_open();
}

bool write_words(const word_counts& words, std::ofstream& file) {
  if (!file.is_open()) return true;
  auto ranking = ranking_of(words);
  std::sort(ranking.begin(), ranking.end());
  char number[20];
  for (const auto& entry : ranking) {
    const auto end = std::to_chars(number, number + sizeof number, entry.count).ptr;
    file.write(number, end - number).put('\t');
    file.write(entry.word.data(), static_cast<std::streamsize>(entry.word.size())).put('\n');
  }
  file.close();
  if (!file) std::cerr << "--output: not everything could be written\n";
  return static_cast<bool>(file);
}

void print_top(const word_counts& words, std::uint32_t top) {
  auto ranking = ranking_of(words);
  const auto shown = std::min<std::size_t>(top, ranking.size());
  std::partial_sort(ranking.begin(), ranking.begin() + static_cast<std::ptrdiff_t>(shown),
                    ranking.end());
  if (shown > 0) std::printf("%12s  word\n", "count");
  for (std::size_t i = 0; i < shown; ++i) {
    std::printf("%12llu  %.*s\n", static_cast<unsigned long long>(ranking[i].count),
                static_cast<int>(std::min<std::size_t>(ranking[i].word.size(), 64)),
                ranking[i].word.data());
  }
  if (shown > 0) std::printf("\n");
}

void print_number(const char* name, std::uint64_t number) {
  std::printf("%-16s%12llu\n", name, static_cast<unsigned long long>(number));
}

void print_files(const outcome& sum) {
  print_number("files read", sum.files);
  print_number("unreadable", sum.unreadable.size());
  for (const auto& [path, reason] : sum.unreadable) {
    std::printf("  %s: %s\n", printable(path).c_str(), reason.c_str());
  }
}

void print_elapsed(const outcome& sum, std::chrono::nanoseconds elapsed) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const double megabytes = static_cast<double>(sum.bytes) / 1e6;
  std::printf("%-16s%12.2f s   (%.1f MB, %.1f MB/s)\n", "elapsed", seconds, megabytes,
              megabytes / std::max(seconds, 1e-9));
}

std::string printable(std::string_view path) {
  std::string text;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      text += c;
      continue;
    }
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
    text += escaped;
  }
  return text;
}

}  // namespace word_count
