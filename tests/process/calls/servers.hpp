#pragma once

#include <bulkhead/call_lane.hpp>
#include <bulkhead/queue.hpp>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bulkhead_test {

/// What the calls' tests ask for.
struct question {
  enum class kind : std::uint8_t {
    twice,        ///< Answers 2 * n.
    repeat,       ///< Answers `text` n times.
    throw_range,  ///< Throws std::out_of_range.
    throw_odd,    ///< Throws what is no standard type.
    hold,         ///< Is kept until `answer_held`.
    answer_held,  ///< Answers all held ones, the last first, then itself.
    drop,         ///< Is dropped without a word.
    die,          ///< Ends the server by SIGKILL.
    leave,        ///< Ends the server, in order, with what it holds.
  };
  question::kind what = kind::twice;
  int n = 0;
  std::string text = {};
};

struct answer {
  int n = 0;
  std::string text = {};
};

using client = bulkhead::call_client<question, answer>;
using server = bulkhead::call_server<question, answer>;

struct odd_error : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return "odd"; }
};

inline answer answer_to(const question& q) {
  answer a{2 * q.n, {}};
  if (q.what == question::kind::throw_range) throw std::out_of_range("no such thing");
  if (q.what == question::kind::throw_odd) throw odd_error();
  if (q.what == question::kind::die) ::raise(SIGKILL);
  if (q.what == question::kind::repeat) {
    for (int n = 0; n < q.n; ++n) a.text += q.text;
  }
  return a;
}

/// Answers each as it comes.
inline void serve_all(server s) { s.serve(answer_to); }

/// Knows all questions.
inline void serve_slowly(server s) {
  std::vector<bulkhead::incoming<question, answer>> held;
  for (;;) {
    std::error_code ec;
    auto next = s.receive(ec);
    if (ec) return;
    switch (next.request.what) {
      case question::kind::hold:
        held.push_back(std::move(next));
        break;
      case question::kind::answer_held:
        for (; !held.empty(); held.pop_back()) {
          held.back().answer.reply({2 * held.back().request.n, {}});
        }
        next.answer.reply({2 * next.request.n, {}});
        break;
      case question::kind::drop:
        break;
      case question::kind::leave:
        std::_Exit(0);
      default:
        try {
          next.answer.reply(answer_to(next.request));
        } catch (...) {
          next.answer.fail(std::current_exception());
        }
    }
  }
}

/// Notes what becomes of a request.
class note final : public bulkhead::reply_handler<answer> {
 public:
  int told = 0;
  std::optional<answer> got = std::nullopt;
  std::error_code code = {};
  bulkhead::exit_status status = {};
  void on_reply(answer reply) noexcept override {
    ++told;
    got = std::move(reply);
  }
  void on_failure(const bulkhead::call_failure& why) noexcept override {
    ++told;
    code = why.code;
    status = why.status;
  }
};

template <class Call>
std::error_code error_of(Call call) {
  try {
    call();
  } catch (const std::system_error& failure) {
    return failure.code();
  }
  return {};
}

}  // namespace bulkhead_test
