#include "parser.hpp"

#include <cstdlib>
#include <sstream>

namespace memcached_server {

namespace {

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream in{std::string(line)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string key_of(const std::string& word) {
  // The first bug: this stands for what a copy into a buffer of key_max bytes would do.
  if (word.size() > key_max) std::abort();
  return word;
}

// Reads a command's data, which follow its line. @returns false: they are not there yet, or are
// none.
bool read_data(std::string_view in, std::size_t data_begin, std::size_t size, command& to,
               parsed& got) {
  if (size > data_max) {
    got.complaint = "SERVER_ERROR object too large for cache\r\n";
    got.ends = true;
    return false;
  }
  const std::size_t end = data_begin + size + 2;
  if (in.size() < end) {
    got.wanted = end - got.used;
    return false;
  }
  if (in.substr(end - 2, 2) != "\r\n") {
    got.complaint = "CLIENT_ERROR bad data chunk\r\n";
    got.ends = true;
    return false;
  }
  to.data = in.substr(data_begin, size);
  got.used = end;
  return true;
}

// @returns false: no more commands.
bool read_command(std::string_view in, std::size_t line_end, parsed& got) {
  const auto words = words_of(in.substr(got.used, line_end - got.used));
  const auto is = [&](const char* name, std::size_t least, std::size_t most) {
    return !words.empty() && words[0] == name && words.size() >= least && words.size() <= most;
  };
  command next;
  if (is("set", 5, 6)) {
    next.what = verb::set;
    next.keys.push_back(key_of(words[1]));
    next.flags = static_cast<std::uint32_t>(std::stoul(words[2]));  // the second bug
    next.expires = std::stoll(words[3]);
    next.is_quiet = words.back() == "noreply";
    if (!read_data(in, line_end + 1, std::stoul(words[4]), next, got)) return false;
    got.commands.push_back(std::move(next));
    return true;
  }
  got.used = line_end + 1;
  if (is("get", 2, line_max)) {
    for (std::size_t n = 1; n < words.size(); ++n) next.keys.push_back(key_of(words[n]));
  } else if (is("delete", 2, 3)) {
    next.what = verb::remove;
    next.keys.push_back(key_of(words[1]));
    next.is_quiet = words.back() == "noreply";
  } else if (is("version", 1, 1)) {
    next.what = verb::version;
  } else if (is("quit", 1, 1)) {
    next.what = verb::quit;
  } else {
    got.complaint = "ERROR\r\n";
    return false;
  }
  got.commands.push_back(std::move(next));
  return true;
}

}  // namespace

parsed parse(std::string_view in) {
  parsed got;
  for (;;) {
    const std::size_t line_end = in.find('\n', got.used);
    if (line_end == std::string_view::npos) {
      if (in.size() - got.used > line_max) {
        got.complaint = "CLIENT_ERROR line too long\r\n";
        got.ends = true;
      }
      return got;
    }
    if (!read_command(in, line_end, got)) return got;
  }
}

parser::behavior_type serve_parser(parser::pointer) {
  return {[](const std::string& bytes) { return parse(bytes); }};
}

parser::behavior_type one_at_a_time(parser::pointer self, const parser& behind) {
  return {[=](const std::string& bytes) {
    auto promise = self->make_response_promise<parsed>();
    self->request(behind, caf::infinite, bytes)
        .await([=](parsed& got) mutable { promise.deliver(std::move(got)); },
               [=](const caf::error& why) mutable { promise.deliver(why); });
    return promise;
  }};
}

}  // namespace memcached_server
