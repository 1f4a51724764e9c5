#pragma once

#include <unistd.h>
#include <bulkhead/actors/spawn_process.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <memory>
#include <string>

#include "actors/asking.hpp"

namespace bulkhead_test {

using add_atom = caf::atom_constant<caf::atom("add")>;
using sum_atom = caf::atom_constant<caf::atom("sum")>;
using pid_atom = caf::atom_constant<caf::atom("pid")>;
using make_atom = caf::atom_constant<caf::atom("make")>;

inline constexpr std::size_t mebi = std::size_t{1} << 20;

/// A text that shows where a part of it is missing, or another's.
inline std::string text_of(std::size_t size, int seed = 0) {
  std::string text(size, '\0');
  for (std::size_t n = 0; n < size; ++n) {
    text[n] = static_cast<char>('a' + (n / 61 + n + static_cast<std::size_t>(seed)) % 26);
  }
  return text;
}

/// Gives texts back, and keeps account of numbered ones: how many came in their order.
using echo =
    caf::typed_actor<caf::replies_to<std::string>::with<std::string>,
                     caf::replies_to<make_atom, int>::with<std::string>,
                     caf::reacts_to<add_atom, int, std::string>,
                     caf::replies_to<sum_atom>::with<int>, caf::replies_to<pid_atom>::with<int>>;

/// The same to who knows less of it.
using giver = caf::typed_actor<caf::replies_to<std::string>::with<std::string>>;

}  // namespace bulkhead_test

#if !BULKHEAD_CAF_0_17
CAF_BEGIN_TYPE_ID_BLOCK(large_message_test, caf::id_block::bulkhead_tests::end + 5)
CAF_ADD_TYPE_ID(large_message_test, (bulkhead_test::echo))
CAF_ADD_TYPE_ID(large_message_test, (bulkhead_test::giver))
CAF_END_TYPE_ID_BLOCK(large_message_test)
namespace bulkhead_test {
inline const bool large_types_registered =
    (caf::init_global_meta_objects<caf::id_block::large_message_test>(), true);
}
#endif

namespace bulkhead_test {

inline echo::behavior_type give_back(echo::pointer) {
  const auto in_order = std::make_shared<int>(0);
  return {[](const std::string& text) { return text; },
          [](make_atom, int size) { return std::string(static_cast<std::size_t>(size), 'x'); },
          [in_order](add_atom, int number, const std::string& text) {
            if (number == *in_order && text == text_of(text.size(), number)) ++*in_order;
          },
          [in_order](sum_atom) { return *in_order; },
          [](pid_atom) { return static_cast<int>(::getpid()); }};
}

struct large_scene : asking {
  echo there = bulkhead::actors::spawn_process<echo>(sys, {.name = "echo"}, give_back);
};

}  // namespace bulkhead_test
