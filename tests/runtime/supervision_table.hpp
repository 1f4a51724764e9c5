#pragma once

#include <utility>
#include <vector>

#include "runtime/supervision_script.hpp"

namespace bulkhead_test {

/// One rule of the supervision page, with the smallest run in which it decides something.
struct supervision_rule {
  using words = script::words;
  supervision_rule(const char* sentence, supervisor_options how, std::vector<child_spec> up,
                   void (*what)(script&), words then, words events = {})
      : says(sentence),
        options(std::move(how)),
        children(std::move(up)),
        play(what),
        did(std::move(then)),
        told(std::move(events)) {}

  const char* says;
  supervisor_options options;
  std::vector<child_spec> children;  ///< Up, in this order, when the play begins.
  void (*play)(script&);
  words did;   ///< What the supervisor then did,
  words told;  ///< and the events that it raised, where they belong to the rule.
};

inline void check(const supervision_rule& rule) {
  script s{rule.options};
  for (const child_spec& spec : rule.children) s.add_up(spec);
  rule.play(s);
  const auto told = s.told();
  CHECK(s.did() == rule.did);
  if (!rule.told.empty()) CHECK(told == rule.told);
}

}  // namespace bulkhead_test
