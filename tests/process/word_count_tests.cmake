# The word_count example, run on generated trees; included by tests/CMakeLists.txt.

if(TARGET word_count_parts)
  bulkhead_add_test(word_count_parts_test
    SOURCES
      process/word_count_parts_test.cpp
    LIBRARIES word_count_parts
  )
endif()

if(TARGET word_count)
  foreach(case IN ITEMS
      equals_grep_and_coreutils
      kills_change_nothing
      a_poisonous_file_is_named_and_the_rest_is_counted
      wrong_usage_is_told
      a_killed_parent_leaves_nothing)
    add_test(NAME word_count_test:${case}
      COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/word_count_test.py ${bulkhead_BINARY_DIR} ${case})
    set_tests_properties(word_count_test:${case} PROPERTIES LABELS process TIMEOUT 240 RUN_SERIAL TRUE)
  endforeach()
endif()
