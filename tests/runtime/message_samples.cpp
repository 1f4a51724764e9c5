#include "runtime/message_samples.hpp"

#include "runtime/message_own_types.hpp"

#include <limits>
#include <typeinfo>
#include <utility>

namespace message_samples {
namespace {

template <class F>
void each_scalar(F&& f) {
  f(true);
  f('x');
  f(std::int8_t{-128});
  f(std::uint16_t{65535});
  f(-1);
  f(std::numeric_limits<std::int64_t>::min());
  f(std::numeric_limits<std::uint64_t>::max());
  f(1.5F);
  f(-0.0);
  f(3.25L);
  f(std::byte{200});
  f(colour::green);
  f(wide::far);
  f(answer::yes);
  f(std::monostate());
  f(std::chrono::milliseconds(-3));
  f(std::chrono::duration<double>(0.5));
  f(std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000)));
}

template <class F>
void each_container(F&& f) {
  f(std::string());
  f(std::string("with\0nul", 8));
  f(std::u16string(u"wide"));
  f(std::vector<int>());
  f(std::vector<int>{1, 2, 3});
  f(std::vector<std::string>{"", "a", std::string(300, 'b')});
  f(std::vector<bool>{true, false, true, true, false, false, true, false, true});
  f(std::vector<padded>{{'a', 1, true}, {'b', 2, false}});
  f(std::vector<empty>(5));
  f(std::vector<std::vector<std::vector<std::uint8_t>>>{{}, {{1}, {}, {2, 3}}});
  f(std::deque<short>{4, 5});
  f(std::deque<bool>{true, false});
  f(std::array<int, 3>{1, 2, 3});
  f(std::array<std::string, 2>{"a", "bc"});
  f(std::array<int, 0>());
  f(std::array<std::string, 0>());
  f(std::map<std::string, int>{{"a", 1}, {"b", 2}});
  f(std::multimap<int, std::string>{{1, "x"}, {1, "y"}});
  f(std::unordered_map<int, std::vector<int>>{{1, {}}, {2, {3}}});
  f(std::unordered_multimap<int, int>{{1, 1}, {1, 2}});
  f(std::set<std::string>{"q", "r"});
  f(std::multiset<int>{1, 1, 2});
  f(std::unordered_set<int>{5, 6, 7});
  f(std::unordered_multiset<int>{5, 5});
}

template <class F>
void each_compound(F&& f) {
  f(std::optional<int>());
  f(std::optional<std::string>("there"));
  f(std::optional<std::optional<int>>(std::optional<int>()));
  f(std::variant<int, std::string, std::monostate>(std::string("second")));
  f(std::variant<int, int>(std::in_place_index<1>, 9));
  f(std::pair<int, std::string>(1, "one"));
  f(std::pair<char, int>('c', 2));
  f(std::tuple<>());
  f(std::tuple<int, char, double>(1, 'b', 2.5));
  f(std::tuple<std::vector<int>>(std::vector<int>{1}));
  f(empty());
  f(point{3, -4});
  f(padded{'p', 0.5, true});
  f(order());
  f(order{1, "", {}, std::nullopt});
  f(order{2, "ada", {{1, 2}, {3, 4}}, colour::red});
  f(holder{{"l", "r"}, {true, false, true}, {1, "t", {}}, {order(), {}}});
  f(tree{1, {{2, {}}, {3, {{4, {}}}}}});
  f(chain_of(1));
  f(chain_of(20));
  f(document());
  f(some_document());
  f(bulkhead::exit_status{-1, 11, true, bulkhead::death_cause::signal, "segment"});
}

ticket some_ticket() {
  ticket whole(1, "ada");
  whole.add(ticket(2, "bo"));
  whole.add(ticket(3, ""));
  return whole;
}

account some_account() {
  account a("ada", 1234);
  a.limit = 9;
  return a;
}

template <class F>
void each_own_type(F&& f) {
  f(vec3(1, 2, 3));
  f(std::vector<vec3>{{1, 2, 3}, {}});
  f(ticket());
  f(some_ticket());
  f(account());
  f(some_account());
  f(partly{1, 2});
  f(std::vector<blank>(3));
  f(std::map<int, std::variant<ticket, account>>{{1, some_ticket()}, {2, some_account()}});
}

}  // namespace

std::vector<sample> all() {
  std::vector<sample> samples;
  const auto add = [&samples]<class T>(T value) {
    static_assert(bulkhead::message<T>);
    bytes wire = encoded(value);
    const auto original = std::make_shared<const T>(std::move(value));
    const auto read = [original](const bytes& from) {
      T back{};
      if (!bulkhead::detail::decode_all(from, back)) {
        return back == T{} ? outcome::refused : outcome::refused_and_dirty;
      }
      if (back == *original) return outcome::equal;
      (void)encoded(back);
      return outcome::other;
    };
    samples.push_back({typeid(T).name(), std::move(wire), read});
  };
  each_scalar(add);
  each_container(add);
  each_compound(add);
  each_own_type(add);
  return samples;
}

}  // namespace message_samples
