'use strict';

// Tables: a click on a heading sorts by it, a second one the other way round.
for (const table of document.querySelectorAll('table')) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => heading.firstElementChild.addEventListener('click', () => {
    const direction = heading.getAttribute('aria-sort') === 'descending' ? 'ascending' : 'descending';
    headings.forEach(other => other.removeAttribute('aria-sort'));
    heading.setAttribute('aria-sort', direction);
    const sign = direction === 'ascending' ? 1 : -1;
    const text = row => row.cells[column].textContent.trim();
    const number = row => parseFloat(text(row).replace(/^[<(]\s*/, ''));
    const compare = (a, b) => {
      const [x, y] = [number(a), number(b)];
      if (isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1;
      return sign * (isNaN(x) ? text(a).localeCompare(text(b)) : x - y);
    };
    body.append(...[...body.rows].sort(compare));
  }));
}

// Problems and samples. Every text goes in as text, never as HTML.
const source = document.getElementById('problems-data');
if (source) browse(JSON.parse(source.textContent), document.getElementById('browser'));

function browse(data, root) {
  const pageSize = 50;
  const outcomes = { correct: 'correct', wrong: 'wrong', none: 'no answer', undecided: 'undecided' };
  const changes = { gained: 'gained', lost: 'lost', both: 'solved by both', neither: 'solved by neither' };

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function choice(name, options) {
    const label = element('label', '', name);
    const select = element('select');
    for (const [value, text] of options) {
      const option = element('option', '', text);
      option.value = value;
      select.append(option);
    }
    select.addEventListener('change', () => show(pageSize));
    label.append(select);
    filters.append(label);
    return select;
  }

  const filters = element('div', 'filters');
  const searchLabel = element('label', '', 'search');
  const search = element('input');
  search.type = 'search';
  search.placeholder = 'id or text';
  search.addEventListener('input', () => show(pageSize));
  searchLabel.append(search);
  filters.append(searchLabel);
  const bucket = choice(data.bucket_name, [['', 'all'], ...data.buckets.map((name, i) => [String(i), name])]);
  const compared = data.models.length > 1;
  const change = compared ? choice('solved', [['', 'all'], ...data.models.slice(1).flatMap((model, i) =>
    Object.entries(changes).map(([key, text]) => [`${i + 1} ${key}`, `${model}: ${text}`]))]) : null;
  const model = compared ? choice('samples of', [['', 'all'], ...data.models.map((name, i) => [String(i), name])]) : null;
  const outcome = choice('outcome', [['', 'all'], ...Object.entries(outcomes)]);
  const count = element('p', 'dim');
  const list = element('div');
  const more = element('button', 'more', 'show more');
  more.addEventListener('click', () => show(list.childElementCount + pageSize));
  root.replaceChildren(filters, count, list, more);

  function samplesOf(problem) {
    return problem.samples.flatMap((samples, i) => model && model.value !== '' && Number(model.value) !== i ? []
      : samples.filter(sample => outcome.value === '' || sample.outcome === outcome.value).map(sample => ({ ...sample, model: data.models[i] })));
  }

  function matches(problem) {
    if (bucket.value !== '' && problem.bucket !== Number(bucket.value)) return false;
    if (change && change.value !== '') {
      const [i, key] = change.value.split(' ');
      if (problem.changes[Number(i) - 1] !== key) return false;
    }
    if (outcome.value !== '' && samplesOf(problem).length === 0) return false;
    const words = search.value.trim().toLowerCase();
    return words === '' || problem.id.toLowerCase().includes(words) || problem.text.toLowerCase().includes(words);
  }

  function show(limit) {
    const found = data.problems.filter(matches);
    count.textContent = `${found.length} of ${data.problems.length} problems`;
    list.replaceChildren(...found.slice(0, limit).map(card));
    more.hidden = found.length <= limit;
  }

  function card(problem) {
    const details = element('details', 'problem');
    const summary = element('summary');
    summary.append(element('span', 'id', problem.id));
    if (problem.level) summary.append(element('span', 'rate', `level ${problem.level}`));
    problem.counts.forEach((count, i) => summary.append(element('span', 'rate', `${compared ? data.models[i] + ' ' : ''}${count}`)));
    problem.changes.forEach((key, i) => {
      if (key === 'gained' || key === 'lost') summary.append(element('span', `tag ${key}`, data.models.length > 2 ? `${key} by ${data.models[i + 1]}` : key));
    });
    details.append(summary);
    details.addEventListener('toggle', () => { if (details.open && details.childElementCount === 1) details.append(content(problem)); });
    return details;
  }

  function content(problem) {
    const body = element('div');
    if (problem.topic) body.append(element('p', 'dim', problem.topic));
    body.append(block(problem.text));
    const gold = element('p', '', 'reference answer: ');
    const answer = element('bdi', '', problem.gold);
    gold.append(answer);
    body.append(gold);
    const samples = samplesOf(problem);
    if (samples.length === 0) body.append(element('p', 'dim', 'no sample is shown'));
    for (const sample of samples) {
      const item = element('div', 'sample');
      const head = element('div', 'head');
      if (compared) head.append(element('strong', '', sample.model));
      head.append(element('span', 'rate', `sample ${sample.index}`), element('span', `tag ${sample.outcome}`, outcomes[sample.outcome]), element('span', 'rate', sample.reason));
      if (sample.answer !== undefined) head.append(element('span', '', `answer: ${sample.answer}`));
      if (sample.finish !== 'eos') head.append(element('span', 'rate', `ended by ${sample.finish}`));
      item.append(head, block(sample.text));
      body.append(item);
    }
    return body;
  }

  function block(text) {
    const made = element('div', 'text', text);
    made.dir = 'auto';
    made.tabIndex = 0;
    return made;
  }

  show(pageSize);
}
