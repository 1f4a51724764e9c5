#include "common/job.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

namespace bench {
namespace {

std::uint64_t number(const std::string& text) {
  std::size_t used = 0;
  const std::uint64_t value = std::stoull(text, &used);
  if (used != text.size()) throw std::invalid_argument("no number: " + text);
  return value;
}

std::uint32_t small_number(const std::string& text) {
  const std::uint64_t value = number(text);
  if (value > UINT32_MAX) throw std::invalid_argument("too large: " + text);
  return static_cast<std::uint32_t>(value);
}

void set_cpus(job& to, const std::string& text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string::npos) throw std::invalid_argument("--cpus wants two: A,B");
  to.producer_cpu = std::stoi(text.substr(0, comma));
  to.consumer_cpu = std::stoi(text.substr(comma + 1));
}

void set_option(job& to, const std::string& option, const std::string& value) {
  if (option == "--variant") {
    to.variant = value;
  } else if (option == "--bytes") {
    to.bytes = number(value);
  } else if (option == "--count") {
    to.count = number(value);
  } else if (option == "--producers") {
    to.producers = small_number(value);
  } else if (option == "--consumers") {
    to.consumers = small_number(value);
  } else if (option == "--slots") {
    to.slots = small_number(value);
  } else if (option == "--cpus") {
    set_cpus(to, value);
  } else {
    throw std::invalid_argument("unknown option " + option);
  }
}

void check_known(const char* what, const std::string& asked,
                 const std::vector<std::string_view>& known) {
  if (std::ranges::find(known, std::string_view(asked)) != known.end()) return;
  std::string text = "no " + std::string(what) + " '" + asked + "' here";
  const char* before = "; there is ";
  for (const std::string_view one : known) {
    text.append(before).append(one);
    before = ", ";
  }
  throw std::invalid_argument(text);
}

}  // namespace

job parse_job(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0) {
    throw std::invalid_argument("usage: MODE [--option VALUE]...; see benchmarks/common/job.hpp");
  }
  job parsed;
  parsed.mode = argv[1];
  for (int n = 2; n + 1 < argc; n += 2) set_option(parsed, argv[n], argv[n + 1]);
  if (parsed.bytes < 8 || parsed.bytes % 8 != 0) {
    throw std::invalid_argument("--bytes wants a multiple of 8");
  }
  return parsed;
}

int run_program(int argc, char** argv, void (*body)(const job&), const abilities& known) {
  try {
    const job what = parse_job(argc, argv);
    check_known("mode", what.mode, known.modes);
    if (!what.variant.empty()) check_known("variant", what.variant, known.variants);
    body(what);
    return 0;
  } catch (const unsupported& e) {
    std::fprintf(stderr, "unsupported: %s\n", e.what());
    return unsupported_status;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}

}  // namespace bench
