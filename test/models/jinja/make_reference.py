"""Writes reference.json: what transformers makes of some templates, or that it refuses them.

    pip install transformers==5.24.0 jinja2==3.1.6 && python make_reference.py
"""
import copy
import json
import random
from pathlib import Path

from transformers.utils.chat_template_utils import _compile_jinja_template

ctx = dict(messages=[{"role":"system","content":"  You are helpful.\n"},{"role":"user","content":[{"type":"image"},{"type":"text","text":"What's <this>? \u00e9\u65e5 \"q\" 'a'"}]},{"role":"assistant","content":"A cat.","tool_calls":[{"function":{"name":"f","arguments":{"x":1,"y":[1.5,None,True]}}}]},{"role":"user","content":"more\tText  here "}],
  tools=[{"type":"function","function":{"name":"get","description":"d\u00e9","parameters":{"type":"object","properties":{"b":{"type":"string","enum":["x","y"]},"a":{"type":"integer"}},"required":["b"]}}}],
  documents=None, add_generation_prompt=True, bos_token="<s>", eos_token="</s>", n=7, m=-3, f=2.5, z=0, s="Hello World", e="", l=[3,1,2,2], d={"b":1,"a":[1,2]}, t=True, no=False, none_=None, words=["b","A","c"], objs=[{"k":"x","v":2},{"k":"y","v":1},{"k":"x","v":3}], big=1234567890123)
T = []
def E(*xs): T.extend("{{ %s }}" % x if not x.startswith("{") else x for x in xs)
# arithmetic
E("n + m","n - m","n * f","n / 2","n // 2","m // 2","n % 3","m % 3","f % 2","m % -2","2 ** 10","2 ** -1","n / 7","6 / 2","1.0","1.50","1e3","1e16","1e15","123456789.0","0.1 + 0.2","1/3","f // 1","7 // 2.0","-7 // 2","-n","+n","- -n","1_000","0x1f","0b11","0o17","big","big * 1000","true + 1","not n","not z","n > 3","n > 3 > 1","1 < n < 10","n == 7.0","'a' < 'b'","[1,2] < [1,3]","n and z","n or z","z or e or 'x'","none_ or 'd'","e and 1","n if t","n if no","n if no else 'no'","'a' ~ 1 ~ none ~ true ~ 1.0 ~ [1,'a']","'a' + 'b'","'ab' * 3","[1] * 2","[1] + [2]","(1, 2)","(1,)","()","{}","{'a': 1, 'b': [none, true, 1.5, 'x\\'y']}","['it\\'s', \"say \\\"hi\\\"\"]","'\\n' in 'a\\nb'","'a\\tb'","'\\u00e9'","'\\x41'","'\\\\'","\"\\\"\"","'a' 'b'","1 in l","9 not in l","'el' in s","'b' in d","'x' not in d","none in [none]","1 is in l","1 is not in l")
# attribute access
E("messages[0].role","messages[0]['role']","messages[-1].role","messages[1].content[1].text","messages[9]","messages[9].role","d.b","d['zz']","d.zz","d.zz.y","d.a[0]","d.get('b')","d.get('q')","d.get('q', 5)","d.keys()","d.keys()|list","d.values()|list","d.items()|list","d.items()","s.upper()","s.lower()","s.title()","s.capitalize()","s.strip()","s.swapcase()","s.split()","s.split('o')","s.split('o', 1)","s.rsplit('o',1)","s.split('l')[-1]","s.startswith('He')","s.endswith('d')","s.startswith(('x','H'))","s.replace('l','L')","s.replace('l','L',1)","s.find('W')","s.find('zz')","s.count('l')","s.index('o')","s.join(['a','b'])","', '.join(words)","s.isdigit()","'12'.isdigit()","'12'.isnumeric()","s.isalpha()","'ab'.isalpha()","s.islower()","s.isupper()","'A'.isupper()","'a1'.isalnum()","' '.isspace()","s.center(20)","s.ljust(15) ~ '|'","s.rjust(15)","'7'.zfill(3)","s.lstrip('He')","s.rstrip('dl')","s.strip('Hd')","'  x '.lstrip() ~ '|'","'  x '.rstrip() ~ '|'","s.partition(' ')","s.rpartition('o')","s.splitlines()","'a\\nb\\r\\nc'.splitlines()","'{} {}'.format(1,'b')","'{0}-{1:>5}'.format('a','b')","'{:.2f}'.format(f)","'%s and %d' % ('a', 3)","'%05.2f' % f","'%s' % s","s.format()","s.removeprefix('Hello ')","s.removesuffix('ld')","s.casefold()","s.expandtabs()","s|length","l.index(2)","l.count(2)","l.copy()","d.copy()","'abc'[1]","'abc'[-1]","'abc'[5]","s[1:4]","s[::-1]","s[-3:]","s[:-3]","s[::2]","s[4:1:-1]","l[::-1]","l[1:]","l[:2]","l[-2:]","messages[1:]|length","messages[::-1][0].role","l[10:]","(1,2,3)[1:]")
# filters
E("s|upper","s|lower","s|title","s|capitalize","'  x '|trim ~ '|'","'xxaxx'|trim('x')","s|length","l|count","l|first","l|last","e|first","s|first","s|last","l|sort","l|sort(reverse=true)","words|sort","words|sort(case_sensitive=true)","words|sort(reverse=True)","objs|sort(attribute='v')","objs|sort(attribute='k,v')|map(attribute='v')|list","l|sum","objs|sum(attribute='v')","objs|sum('v', 10)","l|min","l|max","words|min","words|max(case_sensitive=true)","objs|max(attribute='v')","l|unique|list","words|unique|list","objs|unique(attribute='k')|list","l|reverse|list","s|reverse","l|join","l|join(', ')","objs|join(',', attribute='k')","words|join('-')|upper","l|list","s|list","d|list","l|batch(2)|list","l|batch(3,'x')|list","l|slice(2)|list","f|round","2.567|round(2)","2.567|round(1,'floor')","2.1|round(0,'ceil')","2.5|round","3.5|round","n|round","n|float","'3.7'|float","'x'|float","'x'|float(1.5)","'12'|int","'12.9'|int","'x'|int","'x'|int(5)","'ff'|int(0,16)","f|int","m|abs","m|string","n|string ~ 'a'","f|string","none|string","true|string","l|string","d|string","d|tojson","messages[1]|tojson","tools[0]|tojson","tools|tojson(indent=2)","tools[0]|tojson(indent=4)","d|tojson(sort_keys=true)","d|tojson(separators=(',', ':'))","d|tojson(indent=2, separators=(',', ': '))","messages[1].content[1].text|tojson","messages[1].content[1].text|tojson(ensure_ascii=true)","1.0|tojson","1e20|tojson","1e-7|tojson","none|tojson","true|tojson","[]|tojson","{}|tojson","[]|tojson(indent=2)","{}|tojson(indent=2)","[[],{}]|tojson(indent=2)","'\\n\\t\\u2028</script>'|tojson","(1,2)|tojson","l|map('string')|list","words|map('upper')|list","objs|map(attribute='k')|list","objs|map(attribute='zz', default='q')|list","words|map('replace','b','B')|list","objs|map('tojson')|list","l|select('odd')|list","l|select('gt', 1)|list","l|select('greaterthan', 1)|list","l|reject('even')|list","l|select|list","[0,1,'',2]|select|list","objs|selectattr('k','equalto','x')|list","objs|selectattr('k','==','x')|list|length","objs|selectattr('v','gt',1)|list","objs|selectattr('v')|list","objs|rejectattr('k','eq','x')|list","objs|rejectattr('zz')|list","objs|selectattr('zz','defined')|list","objs|selectattr('k','in',['x'])|list","messages|selectattr('role','equalto','user')|list|length","messages|rejectattr('role','equalto','system')|map(attribute='role')|join(',')","objs|groupby('k')|list","d|items|list","d|dictsort","d|dictsort(false,'value')","d|dictsort(reverse=true)","zz|default('x')","e|default('x')","e|default('x', true)","none_|default('x')","none_|default('x', boolean=true)","zz|d('q')","s|replace('l','L')","s|replace('l','L',1)","s|wordcount","s|truncate(8)","s|truncate(8,true)","s|truncate(8,true,'..')","s|truncate(5, false, '', 0)","s|indent","'a\\nb\\n\\nc'|indent","'a\\nb\\n\\nc'|indent(2)","'a\\nb\\n\\nc'|indent(2, true)","'a\\nb\\n\\nc'|indent(2, first=true, blank=true)","'a\\nb'|indent('> ')","s|center(20)","'<a&b>\"\\''|escape","'<a>'|e","'<a>'|safe","'<a>'|forceescape","'%s-%s'|format('a',1)","s|format","s|attr('x')","d|attr('b')","s|lower|replace(' ','_')|upper","(l|sort)[0]","l|sort|first","(n + 1)|string","-1|abs","'a'|upper ~ 'b'|upper","n|string|length","[l|length, n]","'a,b'|replace(',',' ')")
# tests
for v in ["n","m","f","z","s","e","l","d","t","no","none_","zz","words","1.0","'1'","messages","(1,2)"]:
    for k in ["defined","undefined","none","string","number","integer","float","boolean","true","false","mapping","sequence","iterable","callable","lower","upper","escaped"]:
        E(f"{v} is {k}")
    E(f"{v} is not none")
E("n is odd","n is even","n is divisibleby(7)","n is divisibleby 7","n is eq 7","n is ne 7","n is gt 3","n is ge(7)","n is lt 3","n is le 7","n is equalto 7","n is sameas 7","none is sameas none","n is greaterthan 3","n is lessthan 3","'upper' is filter","'zz' is filter","'odd' is test","'zz' is test","s is not string","not s is string","n is defined and n > 3","n is not defined or true","e is string and not e")
# statements
E(*["{% if n > 3 %}a{% elif z %}b{% else %}c{% endif %}","{% if zz %}a{% else %}b{% endif %}","{% for x in l %}{{ x }}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }};{% endfor %}",
"{% for x in l %}{{ loop.previtem }}-{{ loop.nextitem }};{% endfor %}","{% for x in l %}{{ loop.cycle('a','b') }}{% endfor %}","{% for x in l %}{{ loop.changed(x) }}{% endfor %}","{% for x in [] %}a{% else %}none{% endfor %}","{% for x in l if x > 1 %}{{ x }}{{ loop.length }}{% endfor %}","{% for x in l if x > 9 %}{{ x }}{% else %}E{% endfor %}",
"{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}","{% for k in d %}{{ k }}{% endfor %}","{% for k, v in d|items %}{{ k }}{% endfor %}","{% for k, v in d|dictsort %}{{ k }}{% endfor %}","{% for a, b in [[1,2],[3,4]] %}{{ a }}{{ b }}{% endfor %}","{% for (a, b) in [[1,2],[3,4]] %}{{ a }}{{ b }}{% endfor %}","{% for x in s %}{{ x }}.{% endfor %}","{% for i in range(3) %}{{ i }}{% endfor %}","{% for i in range(5,0,-2) %}{{ i }}{% endfor %}","{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}","{% for x in l %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% endfor %}",
"{% for x in l %}{% for y in l %}{{ loop.index }}{% if y == 1 %}{% break %}{% endif %}{% endfor %};{% endfor %}","{% for x in l %}{% set outer = loop %}{% for y in words %}{{ outer.index }}{{ loop.index }} {% endfor %}{% endfor %}","{% for x in [1,[2,[3]]] recursive %}{{ loop.depth }}{% if x is iterable %}{{ loop(x) }}{% else %}{{ x }}{% endif %}{% endfor %}","{% for x in l|reverse %}{{ x }}{% endfor %}","{% for x in l[::-1] %}{{ x }}{% endfor %}","{% for m in messages %}{{ m.role }}{% if not loop.last %},{% endif %}{% endfor %}",
"{% set x = 1 %}{{ x }}","{% set x, y = 1, 2 %}{{ x }}{{ y }}","{% set x %}a{{ n }}b{% endset %}{{ x }}|{{ x|length }}","{% set x | upper %}abc{% endset %}{{ x }}","{% set x = 1 %}{% for i in l %}{% set x = i %}{% endfor %}{{ x }}","{% set ns = namespace(x=0) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}","{% set ns = namespace() %}{% set ns.a = 'q' %}{{ ns.a }}{{ ns.b }}","{% set ns = namespace(found=false, l=[]) %}{% set ns.l = ns.l + [1] %}{{ ns.l }}","{% if t %}{% set x = 5 %}{% endif %}{{ x }}","{% if no %}{% set x = 5 %}{% endif %}{{ x is defined }}","{% set x = l|length if l else 0 %}{{ x }}",
"{% macro f(a, b=2, c='x') %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ f(1) }}{{ f(1,3) }}{{ f(1, c='y') }}{{ f(b=5,a=0) }}","{% macro f() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1,2,x=3) }}","{% macro f(x) %}{{ x }}{{ caller() }}{% endmacro %}{% call f(1) %}in{% endcall %}","{% macro f() %}{% for i in l %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(q) f() %}<{{ q }}>{% endcall %}","{% macro f(a) %}{{ f.name }}{{ f.arguments }}{% endmacro %}{{ f(1) }}","{% macro f(a) %}{{ a }}{% endmacro %}{{ f() }}|","{% macro f(x) %}{% if x > 0 %}{{ x }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(3) }}","{% macro f(x) -%}\n  {{ x }}\n{%- endmacro %}{{ f(2) }}|{{ f(3)|length }}","{% macro render(content) %}{% if content is string %}{{ content }}{% else %}{% for c in content %}{{ c.type }}{% endfor %}{% endif %}{% endmacro %}{{ render(messages[0].content) }}{{ render(messages[1].content) }}",
"{% filter upper %}abc{{ s }}{% endfilter %}","{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}","{% with %}{% set q = 3 %}{{ q }}{% endwith %}","{% raw %}{{ x }}{% y %}{% endraw %}","{# c #}a{# b\n #}b","a\n{# c #}\nb","{% generation %}x{{ n }}{% endgeneration %}y","{%- generation -%} x {%- endgeneration %}","{{ raise_exception('no ' ~ n) }}","{% if true %}{{ raise_exception('bad') }}{% endif %}","{{ strftime_now('%Y')|length }}","{% set j = joiner(', ') %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}","{% set c = cycler('a','b') %}{{ c.next() }}{{ c.next() }}{{ c.current }}","{{ dict(a=1,b='x') }}","{{ dict(a=1).a }}","{{ dict([['a',1]]) }}","{{ range(3) }}","{{ range(3)|list }}","{{ range(2,10,3)|list|length }}","{{ range(3)|last }}","{{ 3 in range(5) }}","{{ namespace(a=1).a }}",
"line1\n  {% if t %}\n  x\n  {% endif %}\nline2\n","  {% for x in l %}\n    {{ x }}\n  {% endfor %}\nend","a {%- if t -%} b {%- endif -%} c","a {%+ if t %} b {%+ endif %} c","  {%- set x = 1 -%}  {{ x }}  ","a\n\n{%- set x = 1 %}\n\nb","{{- n -}} x {{ n -}}  y","x  {{- n }}","\n\n{{ n }}\n\n","{{ n }}\n","{{ n }}\n\n","a{% if t %}\n\n\nb{% endif %}","{% if t -%}\n   a\n{%- endif %}\n b","   {# c #}   x","   {#- c -#}   x","x {{ n }} {% if t %} {{ m }} {% endif %} y","{% if t %}{{ '\\n' }}{% endif %}\nz","\t{% if t %}\ta{% endif %}","{{ '{{' }}","{{ '%}' }}","{{ \"#}\" }}","a { b } c % d","{{'a'}}{{\"b\"}}","{{ {'a': {'b': 1}}.a.b }}","{{ [[1,2],[3]][0][1] }}","{{ ({'a':1}|tojson) }}","{{ messages|map(attribute='content')|map('string')|join('|')|length }}",
"{{ zz }}","{{ zz.a }}","{{ zz() }}","{{ n() }}","{{ none_.x }}","{{ 1/0 }}","{{ 'a' + 1 }}","{{ [] + 'a' }}","{{ l['x'] }}","{{ s.foo }}","{{ s.foo() }}","{{ l.append(1) }}","{{ d.update({'q':1}) }}","{{ d.__class__ }}","{{ s.__class__ }}","{{ zz|upper }}","{{ zz|length }}","{{ zz|list }}","{{ zz|join }}","{{ zz|tojson }}","{{ none|upper }}","{{ n|length }}","{{ n|first }}","{{ l|upper }}","{{ s|nofilter }}","{{ n is notest }}","{% foo %}","{{ n","{% if t %}","{{ }}","{{ n n }}","{% for x in n %}{% endfor %}","{% for x in zz %}a{% endfor %}b","{% for x in none_ %}a{% endfor %}","{{ 'a' < 1 }}","{{ zz == none }}","{{ zz is none }}","{{ not zz }}","{{ zz ~ 'a' }}","{{ zz + 'a' }}","{{ messages[0].foo.bar }}","{{ messages[0]['foo']['bar'] }}","{{ 'x' in zz }}","{{ 'x' in none_ }}","{{ 1 in n }}","{{ [1,'a']|sort }}","{{ [none,1]|sort }}","{% set d.x = 1 %}","{% set zz.x = 1 %}","{{ l[1.5] }}","{{ d[[1]] }}","{{ '%d' % 'a' }}","{{ 'abc'|int + 1 }}"])
# published styles
E(*["{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + (message['content'] if message['content'] is string else '') + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
"{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' ~ message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content|string|trim + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
"{% set image_count = namespace(value=0) %}{% set video_count = namespace(value=0) %}{% for message in messages %}{% if loop.first and message['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}<|im_start|>{{ message['role'] }}\n{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n{% else %}{% for content in message['content'] %}{% if content['type'] == 'image' or 'image' in content or 'image_url' in content %}{% set image_count.value = image_count.value + 1 %}{% if add_vision_id %}Picture {{ image_count.value }}: {% endif %}<|vision_start|><|image_pad|><|vision_end|>{% elif content['type'] == 'video' or 'video' in content %}{% set video_count.value = video_count.value + 1 %}<|vision_start|><|video_pad|><|vision_end|>{% elif 'text' in content %}{{ content['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
"<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}",
"""{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '

' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '

' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '
' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<start_of_image>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>
' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model
'}}
{%- endif -%}
""",
"""{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- "# Tools\\n\\nYou may call one or more functions to assist with the user query.\\n\\nYou are provided with function signatures within <tools></tools> XML tags:\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if tool_call.function %}
                    {%- set tool_call = tool_call.function %}
                {%- endif %}
                {{- '<tool_call>\\n{"name": "' }}
                {{- tool_call.name }}
                {{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}
                    {{- tool_call.arguments }}
                {%- else %}
                    {{- tool_call.arguments | tojson }}
                {%- endif %}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
"""{{- bos_token }}
{%- set today = strftime_now("%d %B %Y") if no else 'x' %}
{%- if custom_tools is defined %}{%- set tools = custom_tools %}{%- endif %}
{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}{{- "Environment: ipython\\n" }}{%- endif %}
{{- system_message }}<|eot_id|>
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
        {%- if message['content'] is string %}
            {{- message['content'] }}
        {%- else %}
            {%- for content in message['content'] %}
                {%- if content['type'] == 'image' %}{{- '<|image|>' }}{%- elif content['type'] == 'text' %}{{- content['text'] }}{%- endif %}
            {%- endfor %}
        {%- endif %}
        {{- '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}{{- raise_exception("one") }}{%- endif %}
        {{- message.tool_calls[0].function.name + '(' }}
        {%- for arg_name, arg_val in message.tool_calls[0].function.arguments | items %}
            {{- arg_name + '="' + arg_val|string + '"' }}
            {%- if not loop.last %}{{- ", " }}{%- endif %}
        {%- endfor %}
        {{- ')' }}
    {%- endif %}
{%- endfor %}"""])
# loops that end in the middle of a block, and what a block that is used as a whole loses by that
E("{% for x in l %}{% if t %}a{{ x }}{% if x == 1 %}{% break %}{% endif %}b{% endif %}c{% endfor %}","{% for x in l %}{% if x == 1 %}skip{% continue %}{% endif %}{{ x }}{% endfor %}","{% for x in l %}{% with y = x %}[{{ y }}{% if y == 1 %}{% break %}{% endif %}]{% endwith %}{% endfor %}","{% for x in l %}a{% filter upper %}b{{ x }}{% if x == 1 %}{% break %}{% endif %}{% endfilter %}{% endfor %}")
E("{% for i in [] %}{% else %}{% set q = 1 %}e{% endfor %}{{ q is defined }}")
# values that are gone through once
E("{% if l|select('gt', 9) %}some{% endif %}","{% set a = l|select('odd') %}{{ a|list }}{{ a|list }}","{{ l|select('odd')|length }}","{{ l|map('string')|length }}","{{ l|unique|length }}","{{ l|reverse|length }}","{{ l|select('odd')|first }}","{{ l|select('odd')|last }}","{{ (l|select('odd'))[0] }}","{{ (l|select('odd'))[1:] }}","{{ (l|reverse)[0] }}","{{ s|reverse|length }}","{{ l|map('string')|tojson }}","{{ (l|map('string')) + [1] }}","{{ (l|map('string')) is iterable }}","{{ (l|map('string')) is sequence }}","{% for x in l|batch(2) %}{{ loop.length }}{{ x }}{% endfor %}","{% set g = l|map('string') %}{{ g|first }}{{ g|join }}","{{ 2 in l|reject('odd') }}","{{ d|items|length }}","{{ zz|items|list }}","{% for k, v in d|items %}{{ k }}{{ v }}{{ loop.last }}{% endfor %}","{{ l|select('odd')|map('string')|select|reverse|join }}","{% for g in objs|groupby('k') %}{{ g.grouper }}{{ g.list|length }}{{ g[0] }}{% endfor %}","{{ objs|groupby('v')|map(attribute='grouper')|list }}")
# arguments by name, absent ones, and ones that nobody takes
E("zz|default(none) is none","zz|default(none)","'x'|int(none) is none","'x'|float(default=none) is none","s|replace(old='o', new='0')","s|replace('o', '0', count=1)","'xxaxx'|trim(chars='x')","{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}","{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=2) }}","{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, a=2) }}","{% macro f(a) %}{{ a }}{% endmacro %}{% call f(1) %}x{% endcall %}","{% macro f(a) %}{{ a }}{{ kwargs }}{{ varargs }}{% endmacro %}{{ f(1, 2, b=3) }}","{{ strftime_now(format='%Y')|length }}","{{ strftime_now() }}","{{ range() }}","{% set j = joiner(sep='-') %}{{ j() }}{{ j() }}","{% set none = 2 %}","{% for true in l %}{% endfor %}","l.0.1","l.0")
# texts: places, characters of two units, lines, white space
E("s.startswith('lo', 3)","s.startswith('H', 1)","s.startswith('World', -5)","s.startswith('', 12)","s.endswith('lo', 0, 5)","s.find('o', 5, 7)","s.find('o', -6)","s.rfind('o', 0, 5)","s.count('o', 5)","s.count('')","s.index('o', 5)","s.replace('', '-')","s.replace('', '-', 2)","'  a  b '.split(none, 1)","'  a  b '.rsplit(none, 1)","'a '.split(none, 1)","''.split(none, 2)","'a\\U0001f600b'.find('b')","'a\\U0001f600b'.rindex('b')","'a\\U0001f600b'.ljust(5, '*')","'a\\U0001f600b'.rjust(5, '*')","'%5s|' % '\\U0001f600'","'{:>5}'.format('\\U0001f600')","'\\U0001f600' > '\\uffff'","['\\uffee', '\\U0001f600']|sort","'\\u12'","'\\xg'","'\\x41\\u0042\\U00000043\\101'","'a\\x0bb\\x1cc\\u2028d\\r\\ne'.splitlines()","'a\\nb'.splitlines(keepends=true)","'a\\r\\nb'|indent","'a\\nb\\n'|indent(2)","'\\u00b2'.isdigit()","'\\u00b2'.isdecimal()","'a b'.isprintable()","'\\n'.isprintable()","s.isascii()","'\\u00e9'.isascii()")
T.extend(["a\x1c{%- if t %}x{% endif %}","a\x85{%- if t -%}\x1fx{% endif %}","\ufeff\n{%- if t %}x{% endif %}","\x1c{% if t %}x{% endif %}"])
# numbers
E("2.675|round(2)","0.125|round(2)","0.375|round(2)","-2.5|round","1234.5|round(-2)","1250|float|round(-2)","'%.2f' % 0.125","'%.0f' % 2.5","'{:.1f}'.format(0.25)","'{:X}'.format(255)","'{:#x}'.format(255)","'{:_}'.format(1234567)","'{:,}'.format(1234567)","'{:,.2f}'.format(1234567.891)","'{:c}'.format(97)","'{:g}'.format(1234567.0)","'{:.3g}'.format(3.14159)","'{:g}'.format(0.00001)","'%g' % 100000.0","'%g' % 0.5","'{:E}'.format(12345.678)","'nan'|float","'-inf'|float","'infinity'|float","'inf'|int")
random.seed(5)
toks=["a"," ","\n","  ","{% if t %}","{%- if t %}","{% if t -%}","{%- if t -%}","{% endif %}","{%- endif %}","{% endif -%}","{{ n }}","{{- n }}","{{ n -}}","{# c #}","{#- c -#}","\t","b\n","{%+ if t %}","{{ '\\n' }}","{% set q = 1 %}","{%- set q = 1 -%}"]
for _ in range(120):
    out=[];depth=0
    for _ in range(random.randint(3,14)):
        x=random.choice(toks)
        if "if t" in x: depth+=1
        if "endif" in x:
            if depth==0: continue
            depth-=1
        out.append(x)
    T.append("".join(out)+"{% endif %}"*depth)
rows = []
for t in dict.fromkeys(T):
    try:
        rows.append([t, _compile_jinja_template(t).render(**copy.deepcopy(ctx))])
    except Exception:
        rows.append([t, None])
lines = ",\n".join(json.dumps(row, ensure_ascii=True) for row in rows)
Path(__file__).with_name("reference.json").write_text(f'{{"context": {json.dumps(ctx)}, "rows": [\n{lines}\n]}}\n')
print(len(rows), sum(want is None for _, want in rows))
