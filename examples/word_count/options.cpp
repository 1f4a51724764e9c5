#include "options.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <charconv>
#include <filesystem>
#include <iostream>
#include <utility>

namespace word_count {

namespace {

constexpr int wrong_usage = 2;

std::string check_duration(const std::string& text) {
  return parse_duration(text) ? std::string()
                              : "'" + text + "' is not a time above 0 such as 20ms, 5s or 1m";
}

std::string check_source(const std::string& path) {
  std::error_code ec;
  const auto status = std::filesystem::status(path, ec);
  if (std::filesystem::is_regular_file(status) || std::filesystem::is_directory(status)) return {};
  return "'" + path + "' is neither a file nor a folder that can be found";
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  static constexpr std::pair<std::string_view, double> units[] = {
      {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (read.ec != std::errc{}) return std::nullopt;
  const std::string_view given(read.ptr, static_cast<std::size_t>(end - read.ptr));
  for (const auto& [name, nanoseconds] : units) {
    if (given != name) continue;
    const double time = number * nanoseconds;
    if (!(time >= 1e3 && time <= 1e18)) return std::nullopt;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(time));
  }
  return std::nullopt;
}

std::optional<options> read_options(int argc, char** argv, program which, int& status) {
  options chosen;
  std::string kill_every;
  CLI::App app("Counts the identifiers in all regular files under the given paths.");
  app.add_option("PATH", chosen.paths,
                 "Files and folders; symbolic links below them are not followed")
      ->required()
      ->type_name("")
      ->check(check_source);
  app.add_option("--output", chosen.output, "Write every word to this file, as count<TAB>word")
      ->type_name("FILE");
  app.add_option("--top", chosen.top, "Words in the table at the end (10)")->type_name("K");
  if (which == program::processes) {
    app.add_option("--workers", chosen.workers, "Processes that count (4)")
        ->check(CLI::Range(1, 64))
        ->type_name("N");
    app.add_option("--kill-every", kill_every,
                   "SIGKILL a random worker or the lister at this mean interval, e.g. 20ms")
        ->check(check_duration)
        ->type_name("DURATION");
    app.add_option("--poison", chosen.poison, "Crash the worker on each piece of this file")
        ->check(check_source)
        ->type_name("FILE");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    status = app.exit(e) == 0 ? 0 : wrong_usage;
    return std::nullopt;
  }
  if (!kill_every.empty()) chosen.kill_every = *parse_duration(kill_every);
  return chosen;
}

}  // namespace word_count
